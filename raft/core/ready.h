#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "raft/core/types.h"

namespace orrery::raft {

enum class Role : uint8_t { kFollower = 0, kPreCandidate = 1, kCandidate = 2, kLeader = 3 };
std::string_view RoleName(Role role);

/// Numbers the Readies of one life of a peer that ask for persistence, from 1, without gaps.
using ReadyNumber = StrongNumber<struct ReadyNumberTag>;

/// The word of storage: every Ready up to and including `number` is durable (written and synced, in order). Making one
/// without that is a lie Raft cannot detect. It is the only key to the messages that promise something:
/// Raft::Advance takes it and returns them.
class Persisted {
 public:
  explicit constexpr Persisted(ReadyNumber number) : number_(number) {}
  constexpr ReadyNumber number() const { return number_; }

 private:
  ReadyNumber number_;
};

/// Changes of no durable meaning that the shell routes by.
struct SoftState {
  Role role = Role::kFollower;
  /// Invalid: unknown.
  PeerId leader;
  Term term;

  friend bool operator==(const SoftState&, const SoftState&) = default;
};

/// A read asked for by ReadIndex(context) may be served from any state that has applied `index`.
struct ReadState {
  uint64_t context = 0;
  LogIndex index;

  friend bool operator==(const ReadState&, const ReadState&) = default;
};

/// The configuration behind one committed configuration change.
struct ConfAt {
  LogIndex index;
  /// To be stored with applied index `index`. Equal to the configuration before if the change was invalid.
  ConfState conf;

  friend bool operator==(const ConfAt&, const ConfAt&) = default;
};

/// What Raft wants done. Take it, then:
///
/// 1. Send `send_now` at once, without waiting for any disk: appends and heartbeats of a leader whose term and vote
///    are durable, and answers that promise nothing.
/// 2. If NeedsPersist(): store `snapshot` (install it: it replaces the whole log and state), then `entries` (first
///    removing every stored entry at or behind entries.front().index), then `hard_state`, atomically and synced; then
///    call Advance(Persisted(number)) and send what that returns. Further Readies may be taken, and
///    persisted in the same or a later batch, before that: but in order of number.
/// 3. Apply `committed` in order, then ReportApplied. These entries are committed and stored here; they may be
///    applied before this Ready's own writes are durable. With a snapshot, ReportApplied is not called for it.
/// 4. Answer `reads` once their index is applied.
struct Ready {
  /// Zero if there is nothing to persist: then there is no Advance for it either.
  ReadyNumber number;
  std::optional<HardState> hard_state;
  std::optional<SnapshotMeta> snapshot;
  std::vector<Entry> entries;

  std::vector<Message> send_now;

  std::vector<Entry> committed;
  /// One for each configuration change in `committed`.
  std::vector<ConfAt> conf_changes;

  std::vector<ReadState> reads;
  /// Present if changed since the last Ready.
  std::optional<SoftState> soft_state;
  /// Leader: the last heartbeat round that a quorum (of both halves, if joint) acknowledged in this term; present if
  /// it moved. The round's lease starts when the shell sent its first HeartbeatRequest, never later.
  std::optional<uint64_t> quorum_round;

  bool NeedsPersist() const { return number.value() != 0; }
};

}  // namespace orrery::raft
