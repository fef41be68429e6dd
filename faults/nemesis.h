#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faults/scenario.h"
#include "faults/sim_cluster.h"

namespace orrery::faults {

/// Breaks a cluster according to a plan. When, whom and how is a function of (seed, kind of fault, how many of that
/// kind there were), so that a change to one kind shifts no other. What the budget (SimCluster::MayDamage)
/// forbids is left out and counted as such.
class Nemesis {
 public:
  /// All outlive the nemesis, which outlives the world's run.
  Nemesis(SimCluster& cluster, std::vector<FaultPlan> plans, Random random);
  Nemesis(const Nemesis&) = delete;
  Nemesis& operator=(const Nemesis&) = delete;

  void Start();
  /// No fault begins any more; what is in force ends: network healed, disks well, everybody up and awake.
  void StopAndHeal();

  /// How often a kind began, by name; and was left out because of the budget.
  const std::map<std::string, uint64_t>& begun() const { return begun_; }
  const std::map<std::string, uint64_t>& left_out() const { return left_out_; }

 private:
  /// One fault on its way: its own randomness, how long it lasts, its place in names.
  struct Strike {
    FaultKind kind;
    Random random;
    Duration lasts;
    std::string name;
  };

  void ScheduleNext(size_t plan_index, uint64_t ordinal);
  void Begin(size_t plan_index, uint64_t ordinal);
  /// False: nothing could be done now.
  bool Dispatch(Strike& strike);
  bool StrikeNetwork(Strike& strike);
  bool StrikeProcess(Strike& strike);
  bool StrikeDisk(Strike& strike);
  bool StrikeClock(Strike& strike);
  bool StrikeMembership(Strike& strike);

  bool Swizzle(Strike& strike);
  bool PartitionHalves(Strike& strike, sim::Symmetry symmetry);
  bool PartitionRing(Strike& strike);
  bool DelayDuplicates(Strike& strike);
  bool CrashLoop(Strike& strike);
  bool BlackOut(Strike& strike);
  bool CrashForAWhile(Strike& strike, sim::CrashKind kind);
  void CrashInWrite(Strike& strike, StoreId victim);
  bool FailSync(Strike& strike);
  bool FailWrite(Strike& strike);
  bool FlipBit(Strike& strike);

  void HealLater(const Strike& strike, sim::RuleId rule);
  void Later(const Strike& strike, Duration after, std::string_view what, std::function<void()> code);
  StoreId AnyStore(Random& random) const;
  StoreId AnyMember(Random& random) const;
  /// Often the leader, because that is where it hurts.
  StoreId LeaderOrAny(Random& random) const;
  std::optional<StoreId> AnyUp(Random& random) const;
  sim::NodeSet Everybody() const;
  sim::NodeSet Others(StoreId store) const;

  SimCluster& cluster_;
  sim::World& world_;
  std::vector<FaultPlan> plans_;
  Random random_;
  bool stopped_ = false;
  sim::NetworkOptions calm_network_;
  std::map<std::string, uint64_t> begun_;
  std::map<std::string, uint64_t> left_out_;
};

}  // namespace orrery::faults
