#pragma once

#include <rocksdb/sst_file_writer.h>

#include <memory>
#include <span>
#include <vector>

#include "storage/pending_import.h"
#include "storage/rocks_core.h"
#include "storage/snapshot_chunk.h"

namespace orrery {

/// RangeImport on RocksDB. Chunks go into sorted files beside the engine's folder, each of one range: the next one
/// begins where a file is as large as EngineOptions::import_table_bytes or file_bytes, whichever is less, and takes
/// over the rest of the range. Finish:
///   1. syncs the last file (the others are, since they were closed);
///   2. writes a durable record of ranges, files and final batch: the point of no return;
///   3. deletes what the ranges hold (key by key, see RocksCore::ExpandRanges), ingests hard links of the files, all
///      families in one step, and looks whether the rows are there (RocksDB 7.8 ignores read errors while it
///      reads a file's bounds, and then hides its rows);
///   4. applies the final batch and removes the record, durably; 5. removes the files.
/// An open that finds the record repeats from 3: the files are still there.
class RocksImport final : public RangeImport {
 public:
  RocksImport(RocksCore& core, Bytes import_key, std::span<const KeyRange> ranges);
  ~RocksImport() override;

  Status AddChunk(ByteView chunk) override;
  uint64_t chunks() const override { return chunks_; }
  bool complete() const override { return complete_; }
  Status Finish(const WriteBatch& final_batch) override;

 private:
  /// The range a row belongs to, at or behind the current one; kCorruption if there is none or the order is broken.
  struct Cursor {
    size_t range = 0;
    std::optional<Bytes> last;  ///< Key of the last row in this range.
  };
  Status Place(ByteView key, ColumnFamily family, Cursor* cursor) const;
  rocksdb::Status WriteRows(std::span<const SnapshotRow> rows, std::span<const size_t> places);
  /// Room for a row of that range: goes on with the file at hand, or closes it and begins another one.
  rocksdb::Status MakeRoom(size_t range, ByteView key);
  rocksdb::Status OpenFile(size_t range, ByteView first_key);
  /// Syncs the file at hand, if there is one.
  rocksdb::Status CloseFile();
  std::vector<PendingImport::File> Contents() const;

  RocksCore& core_;
  Bytes import_key_;
  const std::vector<KeyRange> ranges_;
  const uint64_t file_bytes_max_;
  std::vector<PendingImport::File> files_;          ///< In order of range and key. Without ranges that got no row.
  std::unique_ptr<rocksdb::SstFileWriter> writer_;  ///< Of the last of files_; null: it is closed.
  uint64_t writer_row_bytes_ = 0;  ///< Of keys and values; blocks that are not full do not count in its FileSize().
  size_t writer_range_ = 0;
  Cursor cursor_;
  uint64_t chunks_ = 0;
  uint64_t rows_ = 0;
  bool complete_ = false;
  bool failed_ = false;
  bool committed_ = false;  ///< Past the point of no return: the files are needed.
};

Result<std::unique_ptr<RangeImport>> BeginRocksImport(RocksCore& core, ByteView import_key,
                                                      std::span<const KeyRange> ranges);
/// Steps 3 to 5. Suspends.
Status CompleteImport(RocksCore& core, ByteView import_key, const PendingImport& pending);
/// At open: completes what is past the point of no return, removes all other staged files. Suspends.
Status RecoverImports(RocksCore& core);

}  // namespace orrery
