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
  CHECK(CauseHint({}) == "anywhere");
  CHECK(CauseHint({"kill", "partition_isolate", "register.put"}) == "anywhere");
  CHECK(CauseHint({"late_job", "slow_disk", "stuck_disk"}) == "anywhere");
  CHECK(CauseHint({"kill", "fsync_error", "late_job"}) == "disks");
  CHECK(CauseHint({"readd_store"}) == "members");
  CHECK(CauseHint({"bit_flip", "replace_store"}) == "disks, members");
}

}  // namespace
}  // namespace orrery::faults
