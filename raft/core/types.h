#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "raft/core/conf_state.h"
#include "raft/core/payload.h"
#include "runtime/base/ids.h"

/// The nouns of Raft: what is stored and what travels. Plain data; codec.h turns each into bytes and back.
namespace orrery::raft {

/// Numbers are stored and travel: never renumber.
enum class EntryKind : uint8_t {
  kCommand = 0,     ///< Opaque to Raft. Empty: the entry by which a new leader commits its predecessors' entries.
  kConfChange = 1,  ///< The payload is an encoded ConfChange.
};

struct Entry {
  Term term;
  LogIndex index;
  EntryKind kind = EntryKind::kCommand;
  Payload payload;

  /// What limits in bytes count: the payload and a fixed overhead, so that empty entries are not free.
  size_t ByteSize() const { return payload.size() + kOverheadBytes; }
  static constexpr size_t kOverheadBytes = 24;

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// What a peer must remember across restarts besides its log.
struct HardState {
  Term term;
  /// The candidate this peer voted for in `term`; invalid: none.
  PeerId vote;
  /// A lower bound of the commit index. It must be stored together with entries that arrive with it: a peer
  /// that holds an entry behind a configuration change then knows that the change was committed, applies it
  /// before it campaigns, and never counts votes by a configuration two changes old.
  LogIndex commit;

  friend bool operator==(const HardState&, const HardState&) = default;
};

/// Says which prefix of the log a snapshot replaces. The content is the shell's.
struct SnapshotMeta {
  LogIndex index;
  Term term;
  ConfState conf;

  friend bool operator==(const SnapshotMeta&, const SnapshotMeta&) = default;
};

/// What a peer starts from.
struct InitialState {
  HardState hard_state;
  /// The state machine durably holds everything up to here. At least the snapshot's index.
  LogIndex applied;
  /// As of `applied`. Empty: this peer was not initialised; it waits for a snapshot and never campaigns.
  ConfState conf;
};

/// A new group is born with its first configuration applied at this position, as if by a snapshot: logs start
/// behind it. So a peer that joins later (empty log, no configuration) always needs a snapshot first.
inline constexpr LogIndex kBootstrapIndex{1};
inline constexpr Term kBootstrapTerm{1};
/// What each founding member stores before its first start: FirstIndex() 2, LastIndex() 1, TermAt(1) = 1.
InitialState BootstrapState(ConfState conf);

// --- Messages ---------------------------------------------------------------------------------------------------

/// Where the sender knows the log to be committed. Votes carry it both ways: whoever holds that entry learns that it is
/// committed, and with it any configuration change up to there, although no leader is left to say so.
struct KnownCommit {
  /// Zero: nothing.
  LogIndex index;
  Term term;

  friend bool operator==(const KnownCommit&, const KnownCommit&) = default;
};

/// Candidate to voter. A pre-vote asks whether a campaign would succeed; of its receiver it changes at most the commit.
struct VoteRequest {
  bool pre_vote = false;
  /// Sent by order of the old leader (TimeoutNow): the receiver does not protect that leader.
  bool transfer = false;
  /// The term voted for: the sender's term, or one more in a pre-vote.
  Term campaign_term;
  LogIndex last_index;
  Term last_term;
  KnownCommit commit;

  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

struct VoteResponse {
  bool pre_vote = false;
  bool granted = false;
  /// Echo of the request.
  Term campaign_term;
  KnownCommit commit;

  friend bool operator==(const VoteResponse&, const VoteResponse&) = default;
};

/// Leader to follower: the entries behind (prev_index, prev_term).
struct AppendRequest {
  LogIndex prev_index;
  Term prev_term;
  LogIndex commit;
  std::vector<Entry> entries;

  friend bool operator==(const AppendRequest&, const AppendRequest&) = default;
};

struct AppendResponse {
  bool rejected = false;
  /// Accepted: the follower durably holds the leader's log up to here. Rejected: the prev_index refused.
  LogIndex index;
  /// Rejected: the follower's last position at or before `index` that can still agree, and its term there.
  LogIndex hint_index;
  Term hint_term;

  friend bool operator==(const AppendResponse&, const AppendResponse&) = default;
};

/// Leader to follower. `round` numbers the leader's broadcasts within its term.
struct HeartbeatRequest {
  LogIndex commit;
  uint64_t round = 0;

  friend bool operator==(const HeartbeatRequest&, const HeartbeatRequest&) = default;
};

struct HeartbeatResponse {
  uint64_t round = 0;

  friend bool operator==(const HeartbeatResponse&, const HeartbeatResponse&) = default;
};

/// Leader to follower: the log you need is gone, take my state. The core sends this only to say that a snapshot is
/// needed: the leader's shell takes one (at meta.index or later), puts that snapshot's meta here, streams its chunks
/// by its own means, and calls ReportSnapshotStatus. The follower's shell Steps this message once it holds
/// all chunks, verified. Acknowledged by an AppendResponse.
struct InstallSnapshot {
  SnapshotMeta meta;

  friend bool operator==(const InstallSnapshot&, const InstallSnapshot&) = default;
};

/// Leader to the voter that shall take over: campaign now.
struct TimeoutNow {
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

/// Follower to leader and back: a read index for the follower's own reader.
struct ReadIndexRequest {
  uint64_t context = 0;

  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};

struct ReadIndexResponse {
  uint64_t context = 0;
  LogIndex index;

  friend bool operator==(const ReadIndexResponse&, const ReadIndexResponse&) = default;
};

/// The alternative's position is the kind's number on the wire: only append.
using MessageBody = std::variant<VoteRequest, VoteResponse, AppendRequest, AppendResponse, HeartbeatRequest,
                                 HeartbeatResponse, InstallSnapshot, TimeoutNow, ReadIndexRequest, ReadIndexResponse>;

struct Message {
  PeerId from;
  PeerId to;
  /// The sender's term when it wrote this.
  Term term;
  MessageBody body;

  friend bool operator==(const Message&, const Message&) = default;
};

std::string_view MessageName(const MessageBody& body);

// One line each, for transcripts, traces and failures.
std::string ToString(const Entry& entry);
std::string ToString(const HardState& hard_state);
std::string ToString(const SnapshotMeta& meta);
std::string ToString(const ConfChange& change);
/// "1->2 append term 3 prev 4/2 commit 4 entries [5/3 \"x\"]"
std::string ToString(const Message& message);

}  // namespace orrery::raft
