#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

namespace orrery {

/// What a Raft entry of a region holds: a list of commands, each with the outcome it will have once applied.
/// Stored in logs and sent between stores: numbers are never renumbered, formats are versioned (golden test).
///
///   entry   := version(1) count:varint { length-prefixed command }
///   command := kind:u8 body
enum class CommandKind : uint8_t {
  kWrite = 1,        ///< session sequence lowest_unanswered op
  kOpenSession = 2,  ///< expires_after_entries; the session's id is made of the entry's index.
  kHashState = 3,    ///< Every replica hashes its state as of this entry.
  kVerifyHash = 4,   ///< index hash: what the leader's state hashed to; a replica that differs stops itself.
  kCompactLog = 5,   ///< index: the log up to there may go.
};

/// The same numbers as WriteKind in server/kv_api.h.
enum class OpKind : uint8_t { kPut = 1, kDelete = 2, kCompareAndSwap = 3, kBatch = 4 };

struct MutationView {
  ByteView key;
  ByteView value;
  bool is_delete = false;
};

/// A decoded command. Views point into the entry. Which fields count depends on `kind` and `op`.
struct CommandView {
  CommandKind kind = CommandKind::kWrite;

  SessionId session;      ///< Invalid: no session, the write takes effect as often as it is proposed.
  uint64_t sequence = 0;  ///< From 1.
  uint64_t lowest_unanswered = 0;
  OpKind op = OpKind::kPut;
  ByteView key;
  std::optional<ByteView> value;     ///< kPut, kCompareAndSwap (absent: remove).
  std::optional<ByteView> expected;  ///< kCompareAndSwap (absent: key must not exist).
  std::vector<MutationView> batch;

  uint64_t expires_after_entries = 0;  ///< kOpenSession

  LogIndex index;     ///< kVerifyHash, kCompactLog
  uint64_t hash = 0;  ///< kVerifyHash
};

/// Bytes of one command, ready to be packed into an entry.
Bytes EncodeCommand(const CommandView& command);
/// kCorruption if malformed.
Result<CommandView> DecodeCommand(ByteView bytes);

/// At most this many commands stand in one entry: a session's id has 16 bits for the place in its entry.
constexpr size_t kCommandsPerEntryMax = 4096;

/// Size of the entry that EncodeEntryTo would write.
size_t EntrySize(const std::vector<Bytes>& commands);
/// Writes exactly EntrySize(commands) bytes. Requires: 1 <= commands.size() <= kCommandsPerEntryMax.
void EncodeEntryTo(const std::vector<Bytes>& commands, char* out);

/// Walks the commands of an entry.
///
///   EntryReader reader(payload);
///   while (reader.Next()) Use(reader.command());
///   if (!reader.status().ok()) ...                   // kCorruption
class EntryReader {
 public:
  /// An empty payload is an entry without commands. kVersionMismatch for an unknown version.
  explicit EntryReader(ByteView payload);

  /// False at the end or after an error.
  bool Next();
  const CommandView& command() const { return command_; }
  const Status& status() const { return status_; }
  size_t count() const { return count_; }

 private:
  Decoder decoder_;
  size_t count_ = 0;
  size_t read_ = 0;
  CommandView command_;
  Status status_;
};

}  // namespace orrery
