#include "faults/shrink/capsule_shrinker.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "faults/shrink/capsule_edit.h"
#include "faults/shrink/fake_runner.h"

namespace orrery::faults {
namespace {

std::set<std::string> FaultIds(const Capsule& capsule) {
  std::set<std::string> ids;
  for (const FaultEntry& fault : capsule.faults) ids.insert(fault.id);
  return ids;
}

std::set<uint64_t> Ordinals(const Capsule& capsule) {
  std::set<uint64_t> ordinals;
  for (const CapsuleWorkload& workload : capsule.workloads) {
    for (const OperationEntry& entry : workload.operations) ordinals.insert(entry.operation.ordinal);
  }
  return ordinals;
}

bool HasRegister(const Capsule& capsule, const std::set<uint64_t>& ordinals) {
  if (capsule.workloads[0].name != "register") return false;
  std::set<uint64_t> present;
  for (const OperationEntry& entry : capsule.workloads[0].operations) present.insert(entry.operation.ordinal);
  return std::includes(present.begin(), present.end(), ordinals.begin(), ordinals.end());
}

/// What the operations of the capsule that is shrunk write.
uint64_t BusyBytes() {
  return ValueBytesOf(BusyCapsule(80, 300));
}

bool HasFaults(const Capsule& capsule, const std::set<std::string>& wanted) {
  const std::set<std::string> ids = FaultIds(capsule);
  return std::includes(ids.begin(), ids.end(), wanted.begin(), wanted.end());
}

/// A failure that needs two faults, three operations, three members and one stream that is not calm.
bool NeedsSome(const Capsule& capsule) {
  return HasFaults(capsule, {"kill#35", "pause#51"}) && HasRegister(capsule, {11, 200, 201}) &&
         capsule.cluster.stores >= 3 && !capsule.choices.calm[static_cast<size_t>(sim::ChoiceStream::kNetwork)];
}

Capsule Shrink(const FakeRunner::Fails& fails, size_t jobs, uint64_t seed, size_t judged_max = SIZE_MAX,
               size_t* judged = nullptr) {
  FakeRunner runner(fails, jobs, seed);
  runner.judged_max = judged_max;
  TriedLog log;
  CandidateJudge judge(runner, log);
  std::string told = FormatCapsule(BusyCapsule(80, 300));
  CapsuleShrinker shrinker(judge, BusyCapsule(80, 300), [&](const Capsule& best) {
    CHECK(fails(best));
    told = FormatCapsule(best);
    return best.Validate();
  });
  CHECK(shrinker.Run().ok());
  CHECK(told == FormatCapsule(shrinker.best()));
  if (judged != nullptr) *judged = runner.judged;
  return shrinker.best();
}

TEST_CASE("CapsuleShrinker: exactly what the failure needs stays") {
  size_t judged = 0;
  const Capsule small = Shrink(NeedsSome, 1, 1, SIZE_MAX, &judged);
  CHECK(FaultIds(small) == std::set<std::string>{"kill#35", "pause#51"});
  CHECK(Ordinals(small) == std::set<uint64_t>{11, 200, 201});
  CHECK(small.cluster.stores == 3);
  CHECK(small.cluster.spares == 0);
  CHECK(small.workloads.size() == 1);
  CHECK(StreamsNotCalm(small) == std::vector{sim::ChoiceStream::kNetwork});
  CHECK(GapsLongerThan(small, milliseconds(200)).empty());
  CHECK(small.faults[0].lasts <= milliseconds(100));
  CHECK(small.workloads[0].options.value_bytes == BusyCapsule(80, 300).workloads[0].options.value_bytes);
  CHECK(judged < 600);
}

TEST_CASE("CapsuleShrinker: the result is a function of the capsule, not of who finishes first") {
  const std::string text = FormatCapsule(Shrink(NeedsSome, 1, 1));
  for (uint64_t seed = 0; seed < 4; ++seed) CHECK(FormatCapsule(Shrink(NeedsSome, 2 + seed, seed)) == text);
}

TEST_CASE("CapsuleShrinker: a failure that comes under one salt in three still becomes small") {
  const auto flaky = [](const Capsule& capsule) {
    if (!HasFaults(capsule, {"pause#51"}) || !HasRegister(capsule, {200})) return false;
    if (capsule.faults.size() == 80) return true;
    const uint64_t salt = capsule.choices.salts[static_cast<size_t>(sim::ChoiceStream::kNode)];
    return HashCombine(HashCombine(salt, capsule.faults.size()), capsule.operation_count()) % 3 == 0;
  };
  const Capsule small = Shrink(flaky, 2, 1);
  CHECK(flaky(small));
  CHECK(small.faults.size() <= 4);
  CHECK(small.operation_count() <= 6);
}

TEST_CASE("CapsuleShrinker: a failure that needs much written, no matter what, needs few large operations") {
  // Half of the bytes, whichever: leaving out single operations would have to go on for very long.
  const auto fails = [](const Capsule& capsule) {
    return HasFaults(capsule, {"kill#35"}) && ValueBytesOf(capsule) >= BusyBytes() / 2;
  };
  size_t judged = 0;
  const Capsule small = Shrink(fails, 1, 1, SIZE_MAX, &judged);
  CHECK(fails(small));
  CHECK(small.faults.size() == 1);
  CHECK(small.operation_count() <= 8);
  CHECK(judged < 400);
}

TEST_CASE("CapsuleShrinker: a failure that needs certain operations and much besides needs few large ones") {
  const auto fails = [](const Capsule& capsule) {
    return HasRegister(capsule, {11, 200, 201}) && ValueBytesOf(capsule) >= BusyBytes() / 2;
  };
  const Capsule small = Shrink(fails, 1, 1);
  CHECK(fails(small));
  CHECK(small.operation_count() <= 8);
  CHECK(ChangedKnobs(small).empty());
}

TEST_CASE("CapsuleShrinker: one low limit must not keep from happening what needs another") {
  // As many entries as a log may hold, but no checkpoint between them: all limits at their lowest would make one.
  const auto fails = [](const Capsule& capsule) {
    const auto knob = [&](const char* name, int64_t usual) {
      const auto found = capsule.cluster.knobs.find(name);
      return found == capsule.cluster.knobs.end() ? usual : found->second;
    };
    const int64_t needed = std::min<int64_t>(550, knob("region.log_entries_max", 2000) * 3);
    const auto operations = static_cast<int64_t>(capsule.operation_count());
    return knob("region.session_checkpoint_entries", 256) >= 100 && operations >= needed;
  };
  const Capsule small = Shrink(fails, 1, 1);
  CHECK(fails(small));
  CHECK(small.operation_count() == 6);
  CHECK(ChangedKnobs(small) == std::vector<std::string>{"region.log_entries_max"});
}

TEST_CASE("CapsuleShrinker: what is needed among much else is found, though there are more of it than big cuts part") {
  std::set<uint64_t> needed;
  for (uint64_t ordinal = 1; ordinal <= 300; ordinal += 8) needed.insert(ordinal);
  const Capsule small = Shrink([&](const Capsule& capsule) { return HasRegister(capsule, needed); }, 1, 1);
  CHECK(Ordinals(small) == needed);
}

TEST_CASE("CapsuleShrinker: low limits and large values that lead nowhere are undone, also when the time is over") {
  const auto fails = [](const Capsule& capsule) { return capsule.operation_count() >= 600; };
  for (size_t judged = 1; judged < 400; judged += 29) {
    const Capsule best = Shrink(fails, 1, 1, judged);
    CHECK(ChangedKnobs(best).empty());
    CHECK(best.workloads[0].options.value_bytes == BusyCapsule(80, 300).workloads[0].options.value_bytes);
  }
}

TEST_CASE("CapsuleShrinker: where it gets stuck among many operations it begins anew, and the smallest counts") {
  // Without faults many operations are needed; with one of them, few. Faults first is a dead end.
  const auto fails = [](const Capsule& capsule) {
    return capsule.operation_count() >= (HasFaults(capsule, {"kill#0"}) ? 5u : 120u);
  };
  std::vector<size_t> sizes;
  FakeRunner runner(fails, 2, 1);
  TriedLog log;
  CandidateJudge judge(runner, log);
  CapsuleShrinker shrinker(judge, BusyCapsule(80, 300), [&](const Capsule& best) {
    CHECK(fails(best));
    sizes.push_back(best.faults.size() + best.operation_count());
    return best.Validate();
  });
  CHECK(shrinker.Run().ok());
  CHECK(shrinker.best().faults.size() == 1);
  CHECK(shrinker.best().operation_count() == 5);
  // Nobody is told of a detour by something larger.
  CHECK(std::is_sorted(sizes.rbegin(), sizes.rend()));
}

TEST_CASE("CapsuleShrinker: what stays large however it begins ends all the same") {
  size_t judged = 0;
  const auto fails = [](const Capsule& capsule) { return capsule.operation_count() >= 30; };
  const Capsule small = Shrink(fails, 1, 1, SIZE_MAX, &judged);
  CHECK(fails(small));
  CHECK(small.operation_count() == 30);
  CHECK(judged < 20'000);
}

TEST_CASE("CapsuleShrinker: however often it begins anew, the smallest counts, also when the time is over") {
  // How much is needed depends on the salt: later descents end larger or smaller.
  const auto fails = [](const Capsule& capsule) {
    const uint64_t salt = capsule.choices.salts[static_cast<size_t>(sim::ChoiceStream::kNode)];
    return capsule.operation_count() >= 22 + Hash64(std::to_string(salt / 8)) % 30;
  };
  size_t judged = 0;
  const Capsule whole = Shrink(fails, 1, 1, SIZE_MAX, &judged);
  CHECK(FormatCapsule(Shrink(fails, 3, 2)) == FormatCapsule(whole));
  size_t before = SIZE_MAX;
  for (size_t most = judged / 8; most < judged; most += judged / 8) {
    const size_t size = Shrink(fails, 1, 1, most).operation_count();
    CHECK(size <= before);
    before = size;
  }
  CHECK(whole.operation_count() <= before);
}

TEST_CASE("CapsuleShrinker: where one run needs many operations another run of the start may need few") {
  const auto fails = [](const Capsule& capsule) {
    const uint64_t salt = capsule.choices.salts[static_cast<size_t>(sim::ChoiceStream::kNode)];
    return capsule.operation_count() >= (salt < 8 ? 40u : 5u);
  };
  CHECK(Shrink(fails, 1, 1).operation_count() == 5);
}

TEST_CASE("CapsuleShrinker: rounding ends where only faults off the round times fail") {
  FakeRunner runner(
      [](const Capsule& capsule) {
        return HasFaults(capsule, {"kill#0"}) && capsule.faults[0].at % milliseconds(1) != Duration(0);
      },
      1, 1);
  runner.judged_max = 5000;
  TriedLog log;
  CandidateJudge judge(runner, log);
  Capsule start = BusyCapsule(80, 300);
  start.faults[0].at = microseconds(1'500);
  CapsuleShrinker shrinker(judge, start, [](const Capsule& best) { return best.Validate(); });
  CHECK(shrinker.Run().ok());
  CHECK_FALSE(judge.ended());
  CHECK(shrinker.best().faults.size() == 1);
}

TEST_CASE("CapsuleShrinker: values grow as far as a run can afford") {
  constexpr uint64_t kAffordable = uint64_t{1} << 20;
  Capsule start = BusyCapsule(80, 300);
  for (CapsuleWorkload& workload : start.workloads) workload.options.value_bytes = 128;
  uint64_t most = 0;
  FakeRunner runner(
      [&](const Capsule& capsule) {
        most = std::max(most, ValueBytesOf(capsule));
        return HasRegister(capsule, {11, 200, 201}) && ValueBytesOf(capsule) >= ValueBytesOf(start);
      },
      1, 1);
  TriedLog log;
  CandidateJudge judge(runner, log);
  CapsuleShrinker shrinker(judge, start, [](const Capsule& best) { return best.Validate(); });
  CHECK(shrinker.Run().ok());
  CHECK(shrinker.best().operation_count() <= 16);
  CHECK(most <= kAffordable);
  CHECK(most > ValueBytesOf(start) * 2);
}

TEST_CASE("CapsuleShrinker: room, factors and steps become as small as the failure lets them") {
  FakeRunner runner([](const Capsule& c) { return !c.faults.empty() && c.faults[0].amount >= 90; }, 1, 1);
  TriedLog log;
  CandidateJudge judge(runner, log);
  Capsule start = BusyCapsule(5, 12);
  FaultEntry full;
  full.kind = FaultKind::kDiskFull;
  full.id = "disk_full#1";
  full.targets = {NodeId(1)};
  full.lasts = seconds(1);
  full.amount = 16'000;
  start.faults = {full};
  CapsuleShrinker shrinker(judge, start, [](const Capsule& best) { return best.Validate(); });
  CHECK(shrinker.Run().ok());
  CHECK(shrinker.best().faults.at(0).amount >= 90);
  CHECK(shrinker.best().faults.at(0).amount < 180);
}

TEST_CASE("CapsuleShrinker: a crash that must meet an operation is moved until it does") {
  // All else is calm: other salts would change nothing.
  const auto fails = [](const Capsule& capsule) {
    if (!HasFaults(capsule, {"kill#35"}) || capsule.operation_count() == 0) return false;
    if (capsule.operation_count() > 60) return true;
    for (const FaultEntry& fault : capsule.faults) {
      const Duration apart = fault.at % milliseconds(4);
      const bool meets = fault.id == "kill#35" && apart >= milliseconds(2) && apart < milliseconds(3);
      if (meets) return HashCombine(capsule.operation_count(), static_cast<uint64_t>(fault.at.count())) % 2 == 0;
    }
    return false;
  };
  const Capsule small = Shrink(fails, 2, 1);
  CHECK(fails(small));
  CHECK(small.operation_count() <= 8);
}

TEST_CASE("CapsuleShrinker: when time is over the best so far fails") {
  for (const size_t judged : {0, 1, 5, 20, 60, 150}) {
    const Capsule best = Shrink(NeedsSome, 2, 3, judged);
    CHECK(NeedsSome(best));
  }
}

TEST_CASE("CapsuleShrinker: an error of who is told ends it") {
  FakeRunner runner(NeedsSome, 1, 1);
  TriedLog log;
  CandidateJudge judge(runner, log);
  CapsuleShrinker shrinker(judge, BusyCapsule(80, 300),
                           [](const Capsule&) { return Status(StatusCode::kIoError, "cannot write x"); });
  CHECK(shrinker.Run().code() == StatusCode::kIoError);
  CHECK(runner.judged < 20);
}

}  // namespace
}  // namespace orrery::faults
