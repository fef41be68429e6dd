#include "faults/capsule/cause_hint.h"

#include <optional>
#include <set>

#include "faults/capsule/capsule.h"
#include "faults/fault_kind.h"

namespace orrery::faults {

std::vector<std::string> KindsIn(const Capsule& capsule) {
  std::set<std::string> kinds;
  for (const FaultEntry& fault : capsule.faults) kinds.emplace(FaultName(fault.kind));
  for (const CapsuleWorkload& workload : capsule.workloads) {
    for (const OperationEntry& operation : workload.operations)
      kinds.insert(workload.name + "." + std::string(OperationKindName(operation.operation.kind)));
  }
  return {kinds.begin(), kinds.end()};
}

namespace {

/// Signatures of what clients alone see: a history that no order explains, a counter beyond its bounds.
constexpr std::string_view kLawsOfClients[] = {"safety/nonlinearizable", "safety/counter-"};

/// Not one that is late only.
bool IsDiskThatFails(FaultKind kind) {
  const bool late = kind == FaultKind::kSlowDisk || kind == FaultKind::kStuckDisk || kind == FaultKind::kLateJob;
  return FamilyOf(kind) == FaultFamily::kDisk && !late;
}

}  // namespace

std::string CauseHint(const std::vector<std::string>& kinds, const MinimalFailure& failure) {
  for (const std::string_view law : kLawsOfClients) {
    if (failure.signature.starts_with(law)) return "anywhere";
  }
  bool disks = false;
  bool members = false;
  for (const std::string& name : kinds) {
    const std::optional<FaultKind> kind = FaultByName(name);
    if (!kind) continue;  // An operation.
    disks = disks || IsDiskThatFails(*kind);
    members = members || *kind == FaultKind::kReplaceStore || *kind == FaultKind::kReaddStore;
  }
  std::string hint = disks ? members ? "disks, members" : "disks" : members ? "members" : "anywhere";
  const bool differ = failure.signature.starts_with("safety/replica-divergence");
  return differ && failure.snapshot_installed ? hint + ", snapshots" : hint;
}

}  // namespace orrery::faults
