#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "raft/region/command.h"
#include "raft/region/sessions.h"
#include "runtime/base/function_ref.h"

namespace orrery {

class Probes;

/// Where the state machine reads what earlier batches left, and puts the effects of this one. User keys, bytes as
/// the client gave them. Written once per apply batch, with the applied index, atomically.
class KvView {
 public:
  virtual ~KvView() = default;
  /// As of the last batch written; absent if there is none. An error stops the replica.
  virtual Result<std::optional<Bytes>> Get(ByteView key) = 0;
  virtual void Put(ByteView key, ByteView value) = 0;
  virtual void Delete(ByteView key) = 0;
};

/// What applying one entry asks of the shell besides its effects on keys.
struct EntryEffects {
  std::vector<CommandOutcome> outcomes;  ///< One for each command of the entry.
  bool hash_state = false;               ///< Hash the replica as of this entry.
  struct Verify {
    LogIndex index;
    uint64_t hash;
  };
  std::optional<Verify> verify;  ///< Compare with the hash made at `index`.
  LogIndex compact_to;           ///< The log up to here may go; zero: nothing said.
};

/// The replicated key-value state of one region: a function of the log. Applies committed entries in order into an
/// atomic batch of the shell's making. Pure but for KvView; never suspends.
class KvStateMachine {
 public:
  explicit KvStateMachine(Probes& probes) : probes_(probes) {}

  /// A batch of entries begins; `view` must outlive it.
  void BeginBatch(KvView& view);
  /// Applies the entry at `index`; its payload must live until EndBatch. kCorruption for bytes that are no entry.
  Result<EntryEffects> Apply(LogIndex index, ByteView payload);
  void EndBatch();

  SessionTable& sessions() { return sessions_; }
  const SessionTable& sessions() const { return sessions_; }

 private:
  struct Pending {
    ByteView key;
    std::optional<ByteView> value;
  };

  Result<CommandOutcome> ApplyWrite(LogIndex index, const CommandView& command);
  Result<CommandOutcome> Execute(LogIndex index, const CommandView& command);
  Result<CommandOutcome> CompareAndSwap(LogIndex index, const CommandView& command);
  Result<std::optional<Bytes>> Read(ByteView key);
  void Put(ByteView key, ByteView value);
  void Delete(ByteView key);
  void WritePending();

  Probes& probes_;
  SessionTable sessions_;
  KvView* view_ = nullptr;
  /// What this batch wrote, in order: compare-and-swap must see it. Indexed only once one of them comes by.
  std::vector<Pending> pending_;
  std::map<ByteView, std::optional<ByteView>> pending_by_key_;
  size_t pending_indexed_ = 0;
};

}  // namespace orrery
