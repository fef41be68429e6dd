#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "runtime/base/bytes.h"
#include "runtime/base/function_ref.h"
#include "storage/column_family.h"
#include "storage/key_range.h"
#include "storage/write_batch.h"

/// The engine: an ordered key-value store on this node's disk. Owned by the server, used by storage/, raft/region
/// and whoever they lend it to; all on one event loop. Everything that is open (snapshots, iterators,
/// imports) must be destroyed before the engine.
///
/// Who may call. "Suspends" means: fibers only. Everything else may be called from a fiber or from the loop's main
/// stack, and does its work on the main stack (a fiber's stack is too small for RocksDB). Destructors never suspend.
///
/// Errors. A missing key is an empty answer. kCorruption from a read: the bytes are rotten; the caller stops the
/// replica they belong to, the store lives on. Any other error of the disk (kIoError, kNoSpace), and every error of
/// a write but kBusy, stops the store: the engine has called Process::Exit before it returns the error. What a caller
/// may not ask (an unknown family, a moving bound) is an assertion.
namespace orrery {

/// Walks keys in order within fixed bounds, in either direction. Sees the state as of its creation (or of its
/// snapshot). Reads rows ahead in growing portions, so that a step is mostly a look into memory. Invalid when fresh.
class EngineIterator {
 public:
  virtual ~EngineIterator() = default;

  // Each of these suspends when it needs another portion of rows.
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  /// The first key at or behind `key`.
  virtual void Seek(ByteView key) = 0;
  /// The last key at or before `key`.
  virtual void SeekForPrev(ByteView key) = 0;
  /// Requires: Valid().
  virtual void Next() = 0;
  virtual void Prev() = 0;

  /// False behind either end, and after an error: then ask status().
  virtual bool Valid() const = 0;
  /// Requires: Valid(). Views die with the next move.
  virtual ByteView key() const = 0;
  virtual ByteView value() const = 0;
  /// Ok while the walk is sound. An iterator that ends with an error has NOT seen the end of the range.
  virtual Status status() const = 0;
};

/// Reads of one consistent state.
class EngineReader {
 public:
  virtual ~EngineReader() = default;

  /// A few microseconds when the key is in memory; suspends when it is not.
  virtual Result<std::optional<Bytes>> Get(ColumnFamily family, ByteView key) = 0;
  /// Never suspends; no value in the outer optional: only Get can tell.
  virtual std::optional<Result<std::optional<Bytes>>> TryGet(ColumnFamily family, ByteView key) = 0;
  /// Bounds by `range`. Never suspends.
  virtual std::unique_ptr<EngineIterator> NewIterator(const KeyRange& range) = 0;
  /// Calls `visit` for each key in order until it answers false. Never suspends: what is not in memory is read
  /// on the loop, so this is for recent and short stretches (Raft logs) only. `visit` may not call the engine.
  virtual Status ScanNow(const KeyRange& range, FunctionRef<bool(ByteView key, ByteView value)> visit) = 0;
};

/// A consistent view over all families, pinned until destroyed. Long-lived ones keep old data on the disk.
class EngineSnapshot : public EngineReader {};

/// Replaces ranges by streamed content, crash-safely. Made by Engine::BeginImport; destroying it unfinished drops what
/// was staged.
class RangeImport {
 public:
  virtual ~RangeImport() = default;

  /// The next chunk of RangeExport, in order. kCorruption if it does not match its checksum or is not the next one
  /// or has keys outside of the ranges: drop the import and ask for the snapshot again. Suspends.
  virtual Status AddChunk(ByteView chunk) = 0;
  /// How many chunks were taken.
  virtual uint64_t chunks() const = 0;
  /// True once the last chunk was taken.
  virtual bool complete() const = 0;
  /// Replaces the ranges by the chunks and then applies `final_batch`, all durable on return. A crash in between is
  /// finished at the next open, before anybody reads: so seen from outside it happens or does not. Suspends.
  /// Requires: complete(); until it returns nobody writes to the ranges or to keys of `final_batch`. Who reads them
  /// meanwhile may find old rows, none, or new ones: take them out of service first. (Older snapshots are sound.)
  virtual Status Finish(const WriteBatch& final_batch) = 0;
};

class Engine : public EngineReader {
 public:
  /// Applies a batch in memory and queues it for the log: readers see it on return, it is durable after the next
  /// Sync. Batches become durable in the order of Apply: a crash keeps a prefix. A few microseconds. Never
  /// suspends. kBusy if memory is full: nothing was done, try again a little later. Only the Committer calls this.
  virtual Status Apply(const WriteBatch& batch) = 0;
  /// Everything applied before the call is durable on return. One fsync. Suspends (lane kCommit). One at a time.
  /// Only the Committer calls this.
  virtual Status Sync() = 0;

  /// Never suspends.
  virtual std::unique_ptr<EngineSnapshot> TakeSnapshot() = 0;

  /// `import_key` names the import within the store (region and snapshot id, say) and is free to be used again
  /// after the import is gone. At most one import per key. Suspends.
  virtual Result<std::unique_ptr<RangeImport>> BeginImport(ByteView import_key, std::span<const KeyRange> ranges) = 0;

  /// A guess at the bytes a range takes, files and memory. Never suspends.
  virtual uint64_t ApproximateBytes(const KeyRange& range) = 0;
  /// Writes everything in memory to files, so that the next open is quick. Suspends.
  virtual Status Flush() = 0;
};

}  // namespace orrery
