#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"
#include "runtime/base/session_window.h"

namespace orrery {

/// What a command did, as its client will be told; of writes, sessions remember it.
struct CommandOutcome {
  /// kOk, or: kNotFound (the session is unknown or expired), kUnknownOutcome (its result was dropped),
  /// kBusy (too many sessions). On anything but kOk the command had no effect by this entry.
  StatusCode code = StatusCode::kOk;
  bool applied = false;          ///< False only for a compare-and-swap whose expectation did not hold.
  std::optional<Bytes> current;  ///< The value such a compare-and-swap found; absent if there was none.
  LogIndex index;                ///< The entry that carried the command's effect.
  SessionId session;             ///< Of kOpenSession.

  bool operator==(const CommandOutcome&) const = default;
};

/// At-most-once effects (Raft thesis, section 6.3). Part of a region's replicated state: every replica that applied
/// the same entries holds the same table. Time is the log index, so sessions expire everywhere at the same entry.
/// Pure; never suspends.
class SessionTable {
 public:
  /// A session keeps at most this many unacknowledged results; beyond, the oldest is dropped and a repetition of
  /// that request is answered kUnknownOutcome.
  static constexpr size_t kResultsMax = kSessionWindow;
  /// Bytes of values those results hold together; at least one result is kept.
  static constexpr size_t kResultBytesMax = size_t{16} << 20;
  static constexpr size_t kSessionsMax = 65536;
  /// Expired sessions leave memory when an entry at a multiple of this is applied. (They stop counting at once.)
  static constexpr uint64_t kSweepEntries = 1024;
  static constexpr int kOrdinalBits = 16;

  enum class Lookup : uint8_t {
    kNew,       ///< Never applied: apply it, then Remember.
    kRepeated,  ///< Applied before: answer `remembered`.
    kExpired,   ///< Session unknown or expired.
    kDropped,   ///< Applied or given up before, result forgotten.
  };

  /// The `ordinal`-th command of entry `index` opens a session. kBusy outcome if there are too many.
  CommandOutcome Open(LogIndex index, size_t ordinal, uint64_t expires_after_entries);

  /// Decides about a write carried by entry `index`; marks the session as used and drops results below
  /// `lowest_unanswered`. `*remembered` is set for kRepeated and lives until the next call.
  Lookup Check(LogIndex index, SessionId session, uint64_t sequence, uint64_t lowest_unanswered,
               const CommandOutcome** remembered);
  /// Requires: Check just said kNew for it, with the same numbers.
  void Remember(LogIndex index, SessionId session, uint64_t sequence, uint64_t lowest_unanswered,
                CommandOutcome outcome);

  /// Called once for every entry applied, after its commands. True if it swept.
  bool OnEntryApplied(LogIndex index);

  size_t size() const { return sessions_.size(); }
  void Clear() { sessions_.clear(); }

  /// The canonical encoding: equal tables give equal bytes.
  void EncodeTo(Bytes& out) const;
  /// Replaces the table. kCorruption if malformed.
  Status DecodeFrom(ByteView bytes);

  /// What changed since the last call, as bytes from which Replay makes the same change; empty if nothing did.
  /// Written in one batch with the effects, it makes the table as durable as they are, at a few bytes per write.
  Bytes TakeJournal();
  /// kCorruption if malformed. Requires: the table is as it was when the journal was begun.
  Status Replay(ByteView journal);

 private:
  struct Stored {
    uint64_t sequence;
    CommandOutcome outcome;
  };
  struct Session {
    LogIndex last_used;
    uint64_t expires_after_entries = 0;
    uint64_t forgotten_below = 1;  ///< No result below this is remembered, and none will be.
    size_t value_bytes = 0;
    std::vector<Stored> results;  ///< By sequence.

    std::vector<Stored>::iterator FirstNotBelow(uint64_t sequence);
  };

  static bool Expired(const Session& session, LogIndex index);
  static void ForgetBelow(Session& session, uint64_t sequence);
  /// The first `count` results go.
  static void ForgetOldest(Session& session, size_t count);

  Status ReplayOpen(Decoder& decoder);
  Status ReplayUse(Decoder& decoder, bool with_outcome);
  void Sweep(LogIndex index);
  void Store(Session& session, uint64_t sequence, CommandOutcome outcome);
  void JournalUse(LogIndex index, SessionId id, uint64_t sequence, uint64_t lowest, const CommandOutcome* outcome);

  std::map<SessionId, Session> sessions_;
  Bytes journal_;
};

static_assert(SessionTable::kResultsMax >= kSessionWindow, "clients ask for answers as far back as that");

/// One outcome as stored with a session.
void EncodeOutcome(const CommandOutcome& outcome, Encoder& encoder);
CommandOutcome DecodeOutcome(Decoder& decoder);

}  // namespace orrery
