#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <array>
#include <memory>
#include <set>
#include <string>

#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task.h"
#include "runtime/offload.h"
#include "runtime/rocks_host.h"
#include "runtime/runtime.h"
#include "storage/engine.h"
#include "storage/engine_options.h"
#include "storage/wal_check.h"

namespace orrery {

/// An open RocksDB and how to enter it: shared by the engine, its snapshots, iterators and imports. Internal.
struct RocksCore {
  RocksCore(Runtime& runtime_in, const EngineOptions& options_in) : runtime(runtime_in), options(options_in) {}
  /// Closes. Requires: nothing is open.
  ~RocksCore();

  /// Calls RocksDB on the loop's main stack. Does not suspend. Not nested.
  template <class F>
  void Inline(F&& call) {
    Scheduler::CallOnMainStack([&] {
      const RocksScope scope(runtime.rocks);
      call();
    });
  }
  /// Calls RocksDB in a job. Suspends.
  template <class F>
  void InJob(Lane lane, F&& call) {
    runtime.offload.Run(lane, [&] {
      const RocksScope scope(runtime.rocks);
      call();
    });
  }

  rocksdb::ColumnFamilyHandle* Handle(ColumnFamily family) const {
    const auto number = static_cast<size_t>(family);
    ORRERY_ASSERT(number < handles.size());
    return handles[number];
  }
  /// A read's status as the contract says: Corruption goes back, any other error stops the store first.
  Status ReadStatus(const rocksdb::Status& status);
  /// Any error stops the store.
  Status WriteStatus(const Status& status, const char* what);

  /// Range deletions become deletions of the keys that are there: RocksDB 7.8's iterators drop the status of a child
  /// when they jump over a range tombstone, so that a block that cannot be read (or is not cached) becomes silently
  /// missing rows. So none is ever written. Inside RocksDB.
  Status ExpandRanges(const WriteBatch& batch, WriteBatch* expanded);
  /// Deletes every key of the ranges, in portions, not atomically. Suspends.
  Status DeleteKeys(const KeyRange& range);
  /// Applies on the loop. kBusy when RocksDB would stall. Does not suspend.
  Status Apply(const WriteBatch& batch);
  /// Makes everything applied so far durable. Suspends.
  Status Sync(Lane lane);
  /// Apply, with retries while memory is full, and Sync. Suspends.
  Status ApplyDurably(const WriteBatch& batch);
  /// Writes out the memory of one family. Suspends.
  Status FlushFamily(ColumnFamily family);
  /// Why a flush or compaction has failed, and the store stops, once one has. RocksDB tells nobody but the next write.
  /// Does not suspend.
  Status CheckJobs(const char* what);
  /// Stops the store soon after a background job has failed, whether or not anything is written meanwhile: it must not
  /// go on as a follower, or serve reads, on an engine that can never write again.
  void StartWatch();

  std::string StagingFolder() const { return options.folder + ".import"; }

  Runtime& runtime;
  const EngineOptions options;
  // Die behind the DB, the outer one first.
  std::unique_ptr<rocksdb::Env> log_env;  ///< The host's, with logs begun in order.
  std::unique_ptr<rocksdb::Env> env;      ///< That, with tables read whole before they are ingested.
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, kColumnFamilyCount> handles{};
  uint64_t boot = 0;
  WalMarker marker;  ///< Every batch carries its mark (wal_check.h).
  int open_snapshots = 0;
  int open_iterators = 0;
  std::set<Bytes> imports;  ///< Keys of the unfinished ones.
  uint64_t staged_files = 0;
  Task watch;
};

/// Our code for RocksDB's, with its text. kBusy for a stall.
Status FromRocks(const rocksdb::Status& status);

inline rocksdb::Slice ToSlice(ByteView view) {
  return rocksdb::Slice(view.data(), view.size());
}
inline ByteView ToView(const rocksdb::Slice& slice) {
  return ByteView(slice.data(), slice.size());
}

}  // namespace orrery
