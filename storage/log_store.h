#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/base/ids.h"
#include "storage/engine.h"
#include "storage/log_cache.h"
#include "storage/term_index.h"

namespace orrery {

struct Runtime;

/// One entry of a Raft log as storage sees it. `kind` is the owner's business.
struct LogRecord {
  LogIndex index;
  Term term;
  uint8_t kind = 0;
  ByteView payload;
};

/// Small opaque records kept per group beside its log, each checksummed. Numbers are stored: never renumber.
enum class GroupRecord : uint8_t {
  kHardState = 1,    ///< Term, vote, commit.
  kApplyState = 3,   ///< Applied index and configuration.
  kRegionState = 4,  ///< Range, epoch, peers.
  kExtra = 5,        ///< Free.
};
inline constexpr std::array kGroupRecords = {GroupRecord::kHardState, GroupRecord::kApplyState,
                                             GroupRecord::kRegionState, GroupRecord::kExtra};

struct LogStoreOptions {
  /// Payload bytes of recent entries kept in memory, over all groups. [0, 1 TiB].
  uint64_t cache_bytes_max = uint64_t{256} << 20;

  Status Validate() const;
};

class LogStore;

/// The log of one group. Changes go into a WriteBatch of the caller's (many groups share one) and are visible here at
/// once; they are durable when the caller has committed the batch, which it must do in the order of the calls.
/// Nothing suspends. Owned by the LogStore; pointers stay valid until Destroy.
class GroupLog {
 public:
  RegionId region() const { return region_; }
  /// The first position that can be read: one behind what was compacted.
  LogIndex FirstIndex() const { return terms_.base().Next(); }
  /// FirstIndex() - 1 if the log is empty.
  LogIndex LastIndex() const { return terms_.last(); }
  /// From memory. Defined in [FirstIndex() - 1, LastIndex()]; kCompacted below, kNotFound above.
  Result<Term> TermAt(LogIndex index) const;

  /// Writes entries at their indexes; what stood at or behind the first of them goes.
  /// Requires: consecutive indexes, the first in [FirstIndex(), LastIndex() + 1], terms that do not fall.
  void Append(WriteBatch& batch, std::span<const LogRecord> records);
  /// Removes every entry at or before `index`. Requires: FirstIndex() - 1 <= index <= LastIndex().
  void CompactTo(WriteBatch& batch, LogIndex index);
  /// Forgets the whole log; it goes on behind (index, term), as after a snapshot.
  void ResetTo(WriteBatch& batch, LogIndex index, Term term);

  /// Appends [begin, end) to `out`: at least one entry, then as many as fit in `bytes_max` (payload bytes + 24 each).
  /// Views die with the next call on this store that is not const. From memory if recent, else the engine is
  /// read on the loop. kCompacted, kCorruption (names region and index). Requires: begin < end <= LastIndex() + 1, and
  /// the batch that carries [begin, end) was handed to the committer.
  Status Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<LogRecord>& out);

  /// Replaces a record. Visible at once, durable with the batch.
  void PutRecord(WriteBatch& batch, GroupRecord which, ByteView content);
  /// Empty if never put.
  ByteView Record(GroupRecord which) const;

 private:
  friend class LogStore;
  friend class LogRecovery;
  GroupLog(LogStore& store, RegionId region) : store_(store), region_(region) {}

  void PutLogState(WriteBatch& batch);
  void RemoveEntries(WriteBatch& batch, LogIndex begin, LogIndex end);
  Status EntriesFromEngine(LogIndex begin, LogIndex end, size_t bytes_max, size_t* bytes, std::vector<LogRecord>& out);
  bool TakeRecord(const LogRecord& record, size_t bytes_max, size_t* bytes, bool first, std::vector<LogRecord>& out);

  LogStore& store_;
  RegionId region_;
  TermIndex terms_;
  LogCache cache_;
  std::array<Bytes, 8> records_;
  std::deque<Bytes> read_;  ///< What the last Entries() read from the engine.
};

/// All Raft logs of a store, on the engine's kRaft family. Owned by the store; one per engine.
class LogStore {
 public:
  /// Reads every group back and checks it: kCorruption naming region and index for a rotten record, a hole, a
  /// falling term. Suspends.
  static Result<std::unique_ptr<LogStore>> Open(Runtime& runtime, Engine& engine, const LogStoreOptions& options);
  ~LogStore();

  /// Ascending.
  std::vector<RegionId> Groups() const;
  /// nullptr if there is none.
  GroupLog* Find(RegionId region);
  /// A group with an empty log that goes on behind (index, term). Requires: there is none.
  GroupLog& Create(WriteBatch& batch, RegionId region, LogIndex index, Term term);
  /// Removes the log and all records of a group.
  void Destroy(WriteBatch& batch, RegionId region);

  /// Entries answered from memory, and those that had to be read from the engine.
  uint64_t cache_hits() const { return cache_hits_; }
  uint64_t cache_misses() const { return cache_misses_; }
  uint64_t cache_bytes() const { return cache_bytes_; }

 private:
  friend class GroupLog;
  friend class LogRecovery;
  LogStore(Runtime& runtime, Engine& engine, const LogStoreOptions& options);
  /// Drops the oldest cached entries of the groups, round robin, until the cache is within its bound.
  void TrimCache();

  Runtime& runtime_;
  Engine& engine_;
  LogStoreOptions options_;
  std::map<RegionId, std::unique_ptr<GroupLog>> groups_;
  RegionId trim_next_;
  uint64_t cache_bytes_ = 0;
  uint64_t cache_hits_ = 0;
  uint64_t cache_misses_ = 0;
};

}  // namespace orrery
