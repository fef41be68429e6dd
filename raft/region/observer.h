#pragma once

#include <cstdint>

#include "raft/region/state_hash.h"
#include "runtime/base/ids.h"
#include "runtime/base/time.h"

namespace orrery::raft {
struct ConfState;
struct RaftView;
}  // namespace orrery::raft

namespace orrery {

/// Watches one store from outside: for oracles that compare replicas. Must not change anything, nor suspend.
/// Outlives the node. Production has none.
class StoreObserver {
 public:
  virtual ~StoreObserver() = default;

  /// The entry at `index` took effect in this store's replica. `entry_hash` covers kind and payload. Called in order
  /// of index within one life of a peer; after a restart it may begin again anywhere at or below where it was.
  virtual void OnApplied(RegionId region, PeerId peer, LogIndex index, Term term, uint64_t entry_hash) = 0;
  /// The replica's state was replaced by a snapshot as of `index`.
  virtual void OnSnapshotInstalled(RegionId region, PeerId peer, LogIndex index, Term term) = 0;
  /// This store begins to send its replica's state to the replica on store `to`. Nothing of it has left yet.
  virtual void OnSnapshotSending(RegionId region, StoreId to) = 0;
  /// `peer`, which lives on this store, became leader of `term`.
  virtual void OnLeader(RegionId region, PeerId peer, Term term) = 0;
  /// A peer starts from what the store has kept.
  virtual void OnStarted(RegionId region, const raft::RaftView& view) = 0;
  /// After every step of a peer. `conf` is the configuration that it counts by.
  virtual void OnView(RegionId region, const raft::RaftView& view, const raft::ConfState& conf) = 0;
  /// The peer may read by its lease until the store's clock shows `until`, while its view says it may at all.
  virtual void OnLease(RegionId region, PeerId peer, Term term, Instant until) = 0;
  /// The peer asks a quorum to confirm reads; `context` is a number no other question of the region has.
  virtual void OnReadAsked(RegionId region, PeerId peer, uint64_t context) = 0;
  /// The reads of that question are answered from the state as of `applied`.
  virtual void OnReadServed(RegionId region, PeerId peer, uint64_t context, LogIndex applied) = 0;
  /// A read by the lease of `term` is answered from the state as of `applied`.
  virtual void OnLeaseRead(RegionId region, PeerId peer, Term term, LogIndex applied) = 0;
  /// The hash of the replicated state as of `index`, whenever the replica computed it.
  virtual void OnStateHash(RegionId region, PeerId peer, LogIndex index, const StateHash& state) = 0;
};

}  // namespace orrery
