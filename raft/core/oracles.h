#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "raft/core/raft.h"
#include "runtime/base/status.h"

namespace orrery::raft {

/// What is true of a whole group, over all lives of all its peers (Raft paper, figure 3). A simulator feeds it; a
/// broken law comes back as kCorruption that says which. One object per group; memory grows with the number of entries.
class GroupOracle {
 public:
  /// After any call into a peer. Election Safety: one leader per term, ever. Leader Completeness: a new leader's log
  /// has every entry known to be applied anywhere.
  Status Observe(const Raft& raft);
  /// `peer` applied `entry`. State Machine Safety: no two peers apply different entries at one position. Positions rise
  /// without gaps within a life.
  Status Applied(PeerId peer, const Entry& entry);
  /// `peer` starts (again) from a state that holds everything up to `applied`.
  void Started(PeerId peer, LogIndex applied);
  /// `peer` installed a snapshot. State Machine Safety again: it holds what the others applied.
  Status Installed(PeerId peer, const SnapshotMeta& meta);
  /// Log Matching: two logs with an entry of one term at one position agree before it. Reads both logs; for now and
  /// then.
  static Status CheckLogMatching(const Raft& a, const Raft& b);

  LogIndex applied_max() const { return LogIndex(first_ + applied_.size() - 1); }

 private:
  struct Digest {
    Term term;
    uint64_t content = 0;
    friend bool operator==(const Digest&, const Digest&) = default;
  };
  static Digest DigestOf(const Entry& entry);
  Status CheckLeaderCompleteness(const Raft& leader) const;

  std::map<Term, PeerId> leaders_;
  std::map<PeerId, LogIndex> position_;
  uint64_t first_ = kBootstrapIndex.value() + 1;
  std::vector<Digest> applied_;
};

}  // namespace orrery::raft
