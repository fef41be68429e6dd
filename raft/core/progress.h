#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/ids.h"

namespace orrery::raft {

/// How the leader sends to one follower.
enum class ProgressState : uint8_t {
  kProbe = 0,      ///< Looking for the last common position: one append at a time.
  kReplicate = 1,  ///< Positions agree: appends are pipelined optimistically within the window.
  kSnapshot = 2,   ///< Its next entry is gone: a snapshot is under way, no appends.
};
std::string_view ProgressStateName(ProgressState state);

/// The appends on their way to one follower: bounded in number and in bytes. Acknowledging a position frees every
/// append that ends at or before it.
class Inflights {
 public:
  bool Full(uint32_t messages_max, size_t bytes_max) const {
    return size() >= messages_max || (bytes_ >= bytes_max && size() > 0);
  }
  /// `last` is the append's last position; positions rise.
  void Add(LogIndex last, size_t bytes);
  void FreeThrough(LogIndex index);
  /// Lets one append pass although the window is full: its acknowledgements may all be lost.
  void FreeFirst();
  void Clear();

  size_t size() const { return window_.size() - begin_; }
  size_t bytes() const { return bytes_; }

  struct Sent {
    LogIndex last;
    size_t bytes = 0;
  };
  const Sent* begin() const { return window_.data() + begin_; }
  const Sent* end() const { return window_.data() + window_.size(); }

 private:
  void Shrink();

  std::vector<Sent> window_;
  uint32_t begin_ = 0;
  size_t bytes_ = 0;
};

/// What a leader knows of one member (itself included: then only `match`, its persisted position, is used).
struct Progress {
  PeerId peer;
  ProgressState state = ProgressState::kProbe;
  /// Probe: an append is out, wait for its answer or for a heartbeat's.
  bool probe_sent = false;
  /// Said anything since the last check-quorum period.
  bool recent_active = false;
  /// The follower holds the leader's log up to here, durably.
  LogIndex match;
  /// The next position to send. Above match.
  LogIndex next;
  /// Snapshot: the position of the snapshot asked for.
  LogIndex pending_snapshot;
  /// The last heartbeat round it answered in this term.
  uint64_t acked_round = 0;
  /// The largest commit position told by an append.
  LogIndex told_commit;
  Inflights inflights;

  bool Paused(uint32_t messages_max, size_t bytes_max) const;
  /// An append with the entries up to `next_after` - 1 left.
  void Sent(LogIndex next_after, size_t bytes);
  void BecomeProbe();
  void BecomeReplicate();
  void BecomeSnapshot(LogIndex index);
  /// An acknowledgement up to `index`. False if it says nothing new.
  bool Acknowledge(LogIndex index);
  /// A refusal of `rejected` with a proposal to try behind `hint`. False if it is out of date.
  bool Refuse(LogIndex rejected, LogIndex hint);
};

}  // namespace orrery::raft
