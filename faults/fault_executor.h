#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "faults/capsule/fault_entry.h"
#include "faults/sim_cluster.h"

namespace orrery::faults {

/// Does to a cluster what resolved faults say, and undoes it when they end. Draws nothing. Between events only.
class FaultExecutor {
 public:
  /// Called with every fault that has begun.
  using Witness = std::function<void(const FaultEntry&)>;

  /// `cluster` outlives the executor, which outlives the world's run. `witness` may be empty.
  FaultExecutor(SimCluster& cluster, Witness witness);
  FaultExecutor(const FaultExecutor&) = delete;
  FaultExecutor& operator=(const FaultExecutor&) = delete;

  /// Begins a fault now; its end comes by itself. kConflict saying why it does not fit the cluster as it is (a target
  /// that is down, a budget that is used up); then nothing was done.
  Status Execute(const FaultEntry& fault);
  /// Nothing begins any more; what is in force ends: network healed, disks well, everybody up and awake.
  void StopAndHeal();

 private:
  Status Perform(const FaultEntry& fault);
  Status ExecuteNetwork(const FaultEntry& fault);
  Status ExecuteProcess(const FaultEntry& fault);
  Status ExecuteDisk(const FaultEntry& fault);
  Status ExecuteMembership(const FaultEntry& fault);

  Status Swizzle(const FaultEntry& fault);
  Status Fade(const FaultEntry& fault);
  Status PartitionRing(const FaultEntry& fault);
  Status DelayDuplicates(const FaultEntry& fault);
  Status SendGarbage(const FaultEntry& fault);
  Status CrashForAWhile(const FaultEntry& fault, sim::CrashKind kind);
  Status BlackOut(const FaultEntry& fault);
  Status CrashLoop(const FaultEntry& fault);
  Status FailSync(const FaultEntry& fault);
  Status FailWrite(const FaultEntry& fault);
  Status FillDisk(const FaultEntry& fault);
  Status FlipLogBit(const FaultEntry& fault);
  Status RotTables(const FaultEntry& fault);
  Status CrashInWrite(const FaultEntry& fault);
  Status FailReads(const FaultEntry& fault);
  Status FailDirectorySync(const FaultEntry& fault);
  Status Replace(const FaultEntry& fault);
  Status Readd(const FaultEntry& fault);
  /// The operator is free for a change of members, and none of them is damaged.
  Status RequireCalm() const;

  Status RequireUp(StoreId store) const;
  Status RequireMember(StoreId store) const;
  /// A member, and one more may be damaged.
  Status RequireBudget(StoreId store) const;

  void HealLater(const FaultEntry& fault, sim::RuleId rule);
  void BootLater(const FaultEntry& fault, Duration after, StoreId store);
  /// When the fault ends.
  void ReplaceLater(const FaultEntry& fault, StoreId damaged);
  void Later(const FaultEntry& fault, Duration after, std::string_view what, std::function<void()> code);

  SimCluster& cluster_;
  sim::World& world_;
  Witness witness_;
  bool stopped_ = false;
  sim::NetworkOptions calm_network_;
};

}  // namespace orrery::faults
