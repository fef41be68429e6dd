#include "faults/capsule/cause_hint.h"

#include <doctest/doctest.h>

#include "faults/capsule/capsule.h"

namespace orrery::faults {
namespace {

TEST_CASE("Cause hint: the kinds of a capsule are those of its faults and operations, each once") {
  Capsule capsule;
  capsule.faults = {{.id = "kill#1", .kind = FaultKind::kKill},
                    {.id = "pause#1", .kind = FaultKind::kPause},
                    {.id = "kill#2", .kind = FaultKind::kKill}};
  capsule.workloads = {
      {.name = "register",
       .operations = {{.operation = {.kind = OperationKind::kPut}}, {.operation = {.kind = OperationKind::kGet}}}},
      {.name = "set", .operations = {{.operation = {.kind = OperationKind::kAdd}}}}};
  CHECK(KindsIn(capsule) == std::vector<std::string>{"kill", "pause", "register.get", "register.put", "set.add"});
}

TEST_CASE("Cause hint: disks and members hint at a cause, what is lost or late does not") {
  const auto hint = [](const std::vector<std::string>& kinds) {
    return CauseHint(kinds, {.signature = "safety/elected-by-quorum", .snapshot_installed = true});
  };
  CHECK(hint({}) == "anywhere");
  CHECK(hint({"kill", "partition_isolate", "register.put"}) == "anywhere");
  CHECK(hint({"late_job", "slow_disk", "stuck_disk"}) == "anywhere");
  CHECK(hint({"kill", "fsync_error", "late_job"}) == "disks");
  CHECK(hint({"readd_store"}) == "members");
  CHECK(hint({"bit_flip", "replace_store"}) == "disks, members");
}

TEST_CASE("Cause hint: what a store holds, and what stands still, is split by snapshots") {
  for (const std::string_view law : {"safety/replica-divergence/pairs", "node_crashed/unexplained-exit/CORRUPTION",
                                     "liveness/no-progress/operator"}) {
    CAPTURE(law);
    CHECK(CauseHint({"kill"}, {.signature = law}) == "anywhere");
    CHECK(CauseHint({"kill"}, {.signature = law, .snapshot_installed = true}) == "anywhere, snapshots");
    CHECK(CauseHint({"readd_store"}, {.signature = law, .snapshot_installed = true}) == "members, snapshots");
  }
}

TEST_CASE("Cause hint: what clients alone see is far from its cause, and a law of the disk names it") {
  for (const std::string_view law : {"safety/nonlinearizable", "safety/counter-out-of-bounds",
                                     "safety/promise-not-durable", "safety/failed-write-ends-store/full"}) {
    CHECK(CauseHint({"readd_store", "bit_flip"}, {.signature = law, .snapshot_installed = true}) == "anywhere");
  }
}

}  // namespace
}  // namespace orrery::faults
