#include "faults/shrink/plainer.h"

#include <doctest/doctest.h>

#include <set>

#include "faults/shrink/capsule_shrinker.h"
#include "faults/shrink/fake_runner.h"

namespace orrery::faults {
namespace {

Capsule WithFault(FaultEntry fault) {
  Capsule capsule = BusyCapsule(0, 12);
  capsule.faults = {std::move(fault)};
  return capsule;
}

TEST_CASE("Plainer faults: every store of a fault, the plainest kind first, and nothing that is no plainer") {
  FaultEntry fading{.id = "fading_leader#1", .kind = FaultKind::kFadingLeader, .at = seconds(2)};
  fading.targets = {NodeId(1)};
  fading.others = {NodeId(3)};
  fading.steps = {{.after = seconds(1), .store = StoreId(2), .until = seconds(3)},
                  {.after = seconds(2), .store = StoreId(3), .until = seconds(3)}};
  const Capsule capsule = WithFault(fading);
  REQUIRE(capsule.Validate().ok());
  const std::vector<Capsule> plainer = WithPlainerFault(capsule, 0);
  REQUIRE(plainer.size() == 18);
  std::set<std::pair<FaultKind, NodeId>> seen;
  for (const Capsule& candidate : plainer) {
    CHECK(candidate.Validate().ok());
    REQUIRE(candidate.faults.size() == 1);
    seen.emplace(candidate.faults[0].kind, candidate.faults[0].targets.at(0));
  }
  CHECK(seen.size() == plainer.size());
  CHECK(plainer[0].faults[0].kind == FaultKind::kKill);
  CHECK(plainer[0].faults[0].at == seconds(2));
  CHECK(plainer[2].faults[0].targets == std::vector{NodeId(2)});
  CHECK(plainer[2].faults[0].at == seconds(3));  // When it was its turn.

  FaultEntry loss{.id = "kill#1", .kind = FaultKind::kPowerLoss, .at = seconds(1), .lasts = seconds(4)};
  loss.targets = {NodeId(2)};
  const std::vector<Capsule> kills = WithPlainerFault(WithFault(loss), 0);
  REQUIRE(kills.size() == 1);
  CHECK(kills[0].faults[0].lasts == seconds(4));
  CHECK(kills[0].faults[0].id == "kill#2");  // The other is taken.
  CHECK(WithPlainerFault(kills[0], 0).empty());
}

TEST_CASE("Plainer operations: puts and gets, where the workload has them") {
  Capsule capsule = BusyCapsule(0, 60);
  const auto count = [](const Capsule& of, std::set<OperationKind> kinds) {
    size_t found = 0;
    for (const OperationEntry& entry : of.workloads[0].operations)
      found += kinds.contains(entry.operation.kind) ? 1 : 0;
    return found;
  };
  REQUIRE(capsule.workloads[0].name == "register");
  capsule.workloads[0].operations[3].operation.kind = OperationKind::kSwap;
  capsule.workloads[0].operations[4].operation.kind = OperationKind::kGet;
  const std::vector<Capsule> plainer = WithPlainerOperations(capsule);
  REQUIRE(plainer.size() >= 2);
  for (const Capsule& candidate : plainer) CHECK(candidate.Validate().ok());
  CHECK(count(plainer[0], {OperationKind::kPut}) == capsule.workloads[0].operations.size());
  CHECK(count(plainer[1], {OperationKind::kSwap, OperationKind::kDelete}) == 0);
  CHECK(WithPlainerOperations(plainer[0]).empty());
}

TEST_CASE("CapsuleShrinker: what another kind of fault does as well becomes the plainer one") {
  const FakeRunner::Fails any_down = [](const Capsule& capsule) {
    for (const FaultEntry& fault : capsule.faults) {
      const bool down = fault.kind == FaultKind::kKill || fault.kind == FaultKind::kCrashLoop;
      if (down && fault.targets == std::vector{NodeId(2)}) return true;
    }
    return false;
  };
  FaultEntry loop{.id = "crash_loop#1", .kind = FaultKind::kCrashLoop, .at = seconds(2)};
  loop.targets = {NodeId(2)};
  loop.steps = {{.after = seconds(1), .how = "power_loss"}};
  FakeRunner runner(any_down, 1, 1);
  TriedLog log;
  CandidateJudge judge(runner, log);
  CapsuleShrinker shrinker(judge, WithFault(loop), [](const Capsule&) { return Status(); });
  CHECK(shrinker.Run().ok());
  REQUIRE(shrinker.best().faults.size() == 1);
  CHECK(shrinker.best().faults[0].kind == FaultKind::kKill);
}

}  // namespace
}  // namespace orrery::faults
