#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "raft/core/raft.h"
#include "runtime/base/time.h"

namespace orrery::faults {

/// What the peers of a group promise each other, over all their lives and restarts: Raft's own steps, seen across
/// peers. Told by the stores' observers; judges at once; changes nothing.
///
///   durable-quorum      what a leader commits by counting is durable on a majority of each half of its
///                       configuration's voters (thesis 10.2.1, 4.3)
///   elected-by-quorum   who leads has the durable votes of a majority of each half (Raft paper 5.2, thesis 4.3)
///   durable-vote-kept   a term and a vote once durable are never taken back, over restarts either (paper, figure 2)
///   durable-log-kept    a log that was reported durable is there after a restart (paper, figure 2)
///                       of both the kind "new-disk": the store speaks as a peer whose disk it has lost
///   lease-exclusive     as long as a leader may answer reads by its lease, nobody is elected in a later term
///                       (thesis 6.4.1)
///   lease-read-current  a read by the lease of a term is answered from a state that holds the leader's first entry: at
///                       or before it stands all that leaders of earlier terms may have acknowledged (thesis 6.4)
///   read-index-current  a read confirmed by a quorum sees everything that was committed anywhere when it was asked
///                       (thesis 6.4)
class RaftLaws {
 public:
  /// A process, now.
  struct Moment {
    Instant clock;      ///< What its monotonic clock shows.
    uint64_t life = 0;  ///< How often it was started.
  };
  /// Nothing if the store's process is down.
  using Clocks = std::function<std::optional<Moment>(StoreId)>;
  /// Called with the name of a broken law, words for people, and the kind within the law, if it has kinds.
  using Break = std::function<void(std::string law, std::string words, std::string kind)>;

  RaftLaws(Clocks clocks, Break on_broken);

  /// A life of a peer begins with what its store kept.
  void OnStarted(StoreId store, RegionId region, const raft::RaftView& view);
  /// The store's disk is a new one: what its peers promised is gone with the old one.
  void OnDiskLost(StoreId store) { new_disks_.insert(store); }
  /// After every step of a peer. `conf` is the configuration that it counts by.
  void OnView(StoreId store, RegionId region, const raft::RaftView& view, const raft::ConfState& conf);
  /// The peer may answer reads until its clock shows `until`, as long as its view says that it may serve a lease at
  /// all.
  void OnLease(StoreId store, RegionId region, PeerId peer, Term term, Instant until);
  /// A leader asks a quorum to confirm reads. `context` is a number no other question of the region has.
  void OnReadAsked(RegionId region, uint64_t context);
  /// They are answered from a state that holds everything up to `applied`.
  void OnReadServed(RegionId region, PeerId peer, uint64_t context, LogIndex applied);
  /// A read by the lease of `term` is answered from a state that holds everything up to `applied`.
  void OnLeaseRead(RegionId region, PeerId peer, Term term, LogIndex applied);

 private:
  struct Lease {
    StoreId store;
    uint64_t life = 0;
    Term term;
    Instant until;
  };
  struct Cast {
    Term term;
    PeerId vote;
    raft::ReadyNumber ready;  ///< Durable with it.
  };
  struct PeerFacts {
    PeerId id;
    Term durable_term;
    PeerId durable_vote;
    /// Terms and votes that are not durable yet, in the order in which they were taken. The Ready that was to carry one
    /// may carry a later one instead, which vouches for it, too: the peer never votes in the earlier term again.
    std::deque<Cast> cast;
    LogIndex persisted;
    /// Where the log begins that a snapshot being installed leaves; zero if none is. A store that ends between the two
    /// finds, when it is back, the old log or that one: the install may have been decided without anybody having heard.
    LogIndex installing_first;
    LogIndex commit;
    Term term;
    bool leads = false;
    LogIndex first_entry;  ///< Of its term, if it leads.
    bool may_serve_lease = false;
    std::optional<Lease> lease;
  };
  struct Ballot {
    PeerId voter;
    PeerId candidate;
  };
  struct Group {
    std::vector<PeerFacts> peers;
    std::map<Term, std::vector<Ballot>> ballots;  ///< Durable votes.
    Term leader_term;                             ///< The highest that had a leader.
    PeerId leader;
    LogIndex commit_max;
    std::map<uint64_t, LogIndex> reads;  ///< What was committed when they were asked, by context.

    PeerFacts& Of(PeerId peer);
    const PeerFacts* Find(PeerId peer) const;
  };

  static void CountVotes(Group& group, PeerFacts& peer, const raft::RaftView& view);
  void Broken(std::string law, std::string words, std::string kind = "");
  void CheckTermKept(const PeerFacts& peer, RegionId region, const raft::RaftView& view, bool new_disk);
  void OnElected(Group& group, RegionId region, const raft::RaftView& view, const raft::ConfState& conf);
  void CheckDurable(const Group& group, RegionId region, const raft::RaftView& view, const raft::ConfState& conf);
  void CheckLease(const PeerFacts& holder, RegionId region, PeerId leader, Term term);

  Clocks clocks_;
  Break break_;
  std::map<RegionId, Group> groups_;
  std::set<StoreId> new_disks_;  ///< Of stores that have not started a peer since.
};

}  // namespace orrery::faults
