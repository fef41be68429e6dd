#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faults/fault_kind.h"
#include "faults/raft_laws.h"
#include "raft/region/observer.h"
#include "runtime/base/time.h"
#include "workloads/workload.h"

namespace orrery::faults {

/// How a replica's state differs from another's, the leader's if it is one of the two: "fewer-pairs", "more-pairs",
/// "pairs" (as many, but others), or "beside-data" (sessions or membership).
std::string_view DivergenceKind(const StateHash& state, const StateHash& leading);

/// Sees all replicas at once and says when they contradict each other: what no single store can know. Remembers
/// the first contradiction. Facts outlive crashes: what was once applied anywhere holds for ever.
///
///   election-safety       at most one leader per term (Raft, figure 3)
///   state-machine-safety  at one index every replica applies the same entry of the same term
///   replica-divergence    at one index every replica's state has the same hash; of the kinds of DivergenceKind()
///   damaged-replica-ran   a store whose log has damage that its check can see does not open it
///
/// and what RaftLaws lists.
class ClusterOracle {
 public:
  /// `clocks` answers for every store; it outlives the oracle.
  explicit ClusterOracle(RaftLaws::Clocks clocks);
  ~ClusterOracle();

  /// The eyes on one store. Lives as long as the oracle.
  StoreObserver* ObserverOf(StoreId store);

  /// The store's log has damage that must be seen at the next start: until its disk is replaced no replica may run.
  void ForbidToRun(StoreId store, bool forbidden);

  /// The store's disk is a new, empty one.
  void OnDiskLost(StoreId store) { raft_laws_.OnDiskLost(store); }

  /// The first contradiction is what counts, whoever saw it.
  void Break(std::string law, std::string words, std::string kind = "");
  const LawReport& verdict() const { return verdict_; }
  /// The store whose peer was last seen to become leader in the highest term; invalid before the first election.
  StoreId leader() const { return leader_; }
  /// The store that led before leader(); invalid before the second one leads.
  StoreId deposed() const { return deposed_; }
  /// How often it came, and where it last did.
  struct Seen {
    uint64_t count = 0;
    StoreId where;
  };
  const Seen& SeenOf(Moment moment) const { return seen_[static_cast<size_t>(moment)]; }
  /// From now on nothing fails any more.
  void OnHealed() { snapshots_since_healing_.clear(); }
  /// How many snapshots were begun to be sent to the store that was sent most of them.
  Seen SnapshotsSinceHealing() const;
  Term highest_term() const { return highest_term_; }
  uint64_t elections() const { return leaders_.size(); }
  /// How often a replica of this store became leader.
  uint64_t LeadershipsOf(StoreId store) const;
  uint64_t entries_applied() const { return entries_.size(); }
  /// How far the store's replica was when it was last heard of; nullopt: it never ran.
  struct Standing {
    bool leads = false;
    bool installing = false;
    LogIndex commit;
    LogIndex applied;
  };
  std::optional<Standing> StandingOf(StoreId store) const;

 private:
  class Eyes;
  using Place = std::pair<RegionId, LogIndex>;
  struct Entry {
    Term term;
    uint64_t hash = 0;
    StoreId first_seen;
  };

  void OnDamagedRan(StoreId store);
  void Note(Moment moment, StoreId store);
  void OnLeader(StoreId store, RegionId region, PeerId peer, Term term);
  void OnApplied(StoreId store, Place place, Term term, uint64_t hash);
  void OnStateHash(StoreId store, Place place, const StateHash& state);

  std::map<StoreId, std::unique_ptr<Eyes>> eyes_;
  std::map<std::pair<RegionId, Term>, PeerId> leaders_;
  std::map<StoreId, uint64_t> leaderships_;
  std::map<Place, Entry> entries_;
  std::map<Place, std::pair<StateHash, StoreId>> states_;
  StoreId leader_;
  StoreId deposed_;
  std::array<Seen, kMomentCount> seen_;
  std::map<StoreId, uint64_t> snapshots_since_healing_;
  Term highest_term_;
  LawReport verdict_;
  RaftLaws raft_laws_;
};

}  // namespace orrery::faults
