#include "faults/capsule/cause_hint.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

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

/// Signatures of what clients alone see, and of laws about what a disk holds.
constexpr std::string_view kNotSplit[] = {"safety/nonlinearizable", "safety/counter-", "safety/promise-not-durable",
                                          "safety/failed-write-ends-store"};
/// Signatures of much that may have to do with what a store was sent.
constexpr std::string_view kSplitBySnapshots[] = {"safety/replica-divergence", "node_crashed/unexplained-exit",
                                                  "liveness/no-progress"};

bool BeginsWithOne(std::string_view signature, std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [signature](std::string_view beginning) { return signature.starts_with(beginning); });
}

/// Not one that is late only.
bool IsDiskThatFails(FaultKind kind) {
  const bool late = kind == FaultKind::kSlowDisk || kind == FaultKind::kStuckDisk || kind == FaultKind::kLateJob;
  return FamilyOf(kind) == FaultFamily::kDisk && !late;
}

}  // namespace

std::string CauseHint(const std::vector<std::string>& kinds, const MinimalFailure& failure) {
  if (BeginsWithOne(failure.signature, kNotSplit)) return "anywhere";
  bool disks = false;
  bool members = false;
  for (const std::string& name : kinds) {
    const std::optional<FaultKind> kind = FaultByName(name);
    if (!kind) continue;  // An operation.
    disks = disks || IsDiskThatFails(*kind);
    members = members || *kind == FaultKind::kReplaceStore || *kind == FaultKind::kReaddStore;
  }
  const std::string hint = disks && members ? "disks, members" : disks ? "disks" : members ? "members" : "anywhere";
  const bool by_snapshot = failure.snapshot_installed && BeginsWithOne(failure.signature, kSplitBySnapshots);
  return by_snapshot ? hint + ", snapshots" : hint;
}

}  // namespace orrery::faults
