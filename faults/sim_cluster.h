#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faults/capsule/fault_entry.h"
#include "faults/client_host.h"
#include "faults/durability_oracle.h"
#include "faults/failed_write_law.h"
#include "faults/membership_law.h"
#include "faults/oracles.h"
#include "server/store_config.h"
#include "sim/world.h"

namespace orrery::faults {

/// Shape of a simulated cluster.
struct ClusterShape {
  uint32_t stores = 3;   ///< Founding members.
  uint32_t spares = 0;   ///< Stores that are up and new, but no members.
  uint32_t clients = 0;  ///< Client processes besides the operator's.
  /// All clients of one workload run in the process of its first; the others idle. They share its session.
  bool clients_together = false;
  /// Once the cluster is initialised, no fsync of any store makes anything durable (sim/disk/sim_disk.h).
  bool lying_fsync = false;
  /// While the cluster is founded, the disk of one founder is so many times slower; an invalid id: nobody's.
  StoreId slow_founder;
  uint32_t slow_founder_factor = 1;
  StoreOptions options;
};

/// A cluster in a simulated world: its stores, an operator, client processes, and a stranger who belongs to nobody.
/// Knows what each store is to the cluster, boots stores that ended, and replaces those that lost what they had
/// promised. What to break, and when, is the nemesis's.
class SimCluster {
 public:
  /// `world` outlives the cluster and is empty. Nodes are added and booted; nothing has run yet.
  SimCluster(sim::World& world, const ClusterShape& shape);
  SimCluster(const SimCluster&) = delete;
  SimCluster& operator=(const SimCluster&) = delete;

  /// Begins the initialisation by the operator; initialised() tells when it is done.
  void Initialise();
  bool initialised() const { return initialised_; }

  sim::World& world() { return world_; }
  const ClusterOracle& oracle() const { return oracle_; }
  /// From now on nothing fails any more.
  void OnHealed() { oracle_.OnHealed(); }
  ClientHost& Client(uint32_t index) { return *clients_.at(index); }
  static NodeId ClientNode(uint32_t index) { return ClientNodeOf(index); }

  /// Every store, members or not, by id.
  const std::vector<StoreId>& stores() const { return stores_; }
  const std::set<StoreId>& members() const { return members_; }
  /// Members whose durable state cannot be trusted until they are replaced: lost disks, rotten bytes.
  const std::set<StoreId>& damaged() const { return damaged_; }
  /// Whether one more member may lose durable state: what Raft promises to survive is a minority of them.
  bool MayDamage(StoreId store) const;
  /// Says that `store` was given damage it may notice at any time. Requires: a member.
  void MarkDamaged(StoreId store) {
    ORRERY_ASSERT(members_.contains(store));
    damaged_.insert(store);
    rotten_.insert(store);
  }
  /// Says that the damage of `store` must be noticed when it starts. Requires: down.
  void MarkMustRefuse(StoreId store) { oracle_.ForbidToRun(store, true); }

  /// While a store is held down it is not booted when it ends.
  void HoldDown(StoreId store, bool held);
  /// Boots it if it is down.
  void EnsureUp(StoreId store);
  /// The disk is empty from now on and the store comes back as a new one. Requires: MayDamage or no member.
  void LoseDisk(StoreId store);

  /// One thing at a time, in the order asked for, by the operator. Replacements are repeated until they have
  /// succeeded; the others are tried once, and left out if the operator has much to do.
  void AskToReplace(StoreId old_store, StoreId new_store);
  /// A member whose state cannot be trusted loses its disk and comes back as a new one, if it did not already.
  void AskToReplaceDamaged(StoreId store);
  void AskToTransfer(StoreId to);
  /// Removes a member and, once it is gone, adds it again under the life it had. One that is held down is booted once
  /// it was removed, and hears of it last.
  void AskToReadd(StoreId store);
  void AskToCompact(StoreId store);
  /// Runs `body` in a fiber of the operator's process, whose client is patient: unlike those of the workloads it gives
  /// a store the time that a large scan takes.
  void RunOnOperator(FiberName name, std::function<void(ClientHost&)> body);
  /// Runs `body` in a fiber of the stranger's process.
  void RunOnStranger(FiberName name, std::function<void(ClientHost&)> body);
  bool OperatorIdle() const { return operator_jobs_.empty() && !operator_busy_; }
  /// Every member is up and none is damaged.
  bool Whole() const;
  /// What keeps it from being whole, for reports.
  std::string WhyNotWhole() const;
  /// Where things stand still when nothing gets on any more. Looks again after `patience`, so that whoever is about to
  /// follow has followed. The first that holds: "store-down", "no-leader", "installing" (a whole member puts a
  /// snapshot in the place of its state), "member-behind" (one has not applied what somebody knew to be committed),
  /// "operator" (it has a change of members under way), "clients".
  std::string_view Standstill(Duration patience);
  /// Compares the replicas' contents through the operator; `done` gets the verdict (kUndecided: it could not be
  /// compared before `deadline`).
  void CompareReplicas(Duration patience, std::function<void(LawReport)> done);

  /// After every event: holds the stores to FailedWriteLaw. Cheap.
  void LookAtDisks();

  /// A store ended itself without a fault that explains it. Empty if that never happened.
  const std::string& unexplained_exit() const { return unexplained_exit_; }
  const Status& unexplained_reason() const { return unexplained_reason_; }
  uint64_t replaced() const { return replaced_; }

 private:
  using OperatorJob = std::function<void(ClientHost&)>;
  using Checksums = std::vector<std::pair<StoreId, ChecksumResponse>>;

  void AddStore(StoreId store);
  void OnExit(const sim::NodeExit& exit);
  bool Explains(StoreId store, const Status& reason);
  void BootLater(StoreId store, Duration after);
  void Enqueue(OperatorJob job);
  void RunOperator(ClientHost& host);
  void ReplaceUntilDone(ClientHost& host, StoreId old_store, StoreId new_store);
  void ReaddUntilDone(ClientHost& host, StoreId store);
  /// Whether the members are still those that the last change left.
  void CheckMembersStand(const MembersResponse& now);
  /// Boots a store that was held down. Called from within a turn.
  void Release(StoreId store);
  /// The highest position that a member knows to be committed.
  LogIndex Committed() const;
  /// Of all members. Suspends.
  Result<Checksums> AskChecksums(ClientHost& host);
  LawReport CompareOnce(ClientHost& host, bool* settled);
  static std::string AddressOf(StoreId store) { return "store" + ToString(store) + ":1"; }

  sim::World& world_;
  ClusterShape shape_;
  ClusterOracle oracle_;
  DurabilityOracle durability_;
  MembershipLaw membership_law_;
  FailedWriteLaw failed_write_law_;
  std::vector<StoreId> stores_;
  std::set<StoreId> members_;
  std::set<StoreId> damaged_;
  std::set<StoreId> rotten_;  ///< Their disks hold damage: they may find corruption. A new disk holds none.
  std::set<StoreId> held_down_;
  std::map<StoreId, uint64_t> disks_lost_;  ///< How often.
  std::set<StoreId> fresh_;                 ///< Boot as new: their disk is empty.
  std::vector<ClientHost*> clients_;
  ClientHost* operator_ = nullptr;
  ClientHost* stranger_ = nullptr;
  std::vector<OperatorJob> operator_jobs_;
  bool operator_busy_ = false;
  bool initialised_ = false;
  uint64_t replaced_ = 0;
  /// How often each was scheduled to boot or to retire, for names: one store's shift no other's.
  std::map<StoreId, uint64_t> boots_asked_;
  std::map<StoreId, uint64_t> retirements_;
  std::string unexplained_exit_;
  Status unexplained_reason_;
};

}  // namespace orrery::faults
