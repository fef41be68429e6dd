#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

#include <memory>
#include <vector>

#include "storage/rocks_core.h"

namespace orrery {

/// EngineIterator on RocksDB. Rows are fetched in portions by jobs of lane kRead.
///
/// Not from memory on the loop, as Get does (kBlockCacheTier, then a job): in RocksDB 7.8 such an iterator, moved again
/// after it met a block that is not cached, silently leaves out the rows of that block. For the same reason an
/// iterator that met an error is thrown away. Internal.
class RocksIterator final : public EngineIterator {
 public:
  /// `snapshot` is owned if `own_snapshot`, else outlives the iterator.
  RocksIterator(RocksCore& core, const KeyRange& range, const rocksdb::Snapshot* snapshot, bool own_snapshot);
  ~RocksIterator() override;

  void SeekToFirst() override;
  void SeekToLast() override;
  void Seek(ByteView key) override;
  void SeekForPrev(ByteView key) override;
  void Next() override;
  void Prev() override;
  bool Valid() const override { return at_ < rows_.size(); }
  ByteView key() const override;
  ByteView value() const override;
  Status status() const override { return status_; }

 private:
  enum class From : uint8_t { kEdge, kKey, kBesideKey };
  /// Where a portion begins and which way it goes.
  struct Start {
    bool forward;
    From from;
    Bytes key;
  };
  struct Row {
    size_t offset;
    size_t key_bytes;
    size_t value_bytes;
  };
  void Restart(Start start);
  void Refill(const Start& start);
  // Inside RocksDB.
  void Fill(const Start& start);
  void Position(const Start& start);
  void EnsureMade();
  Bytes LastKey() const { return Bytes(KeyOf(rows_.back())); }
  ByteView KeyOf(const Row& row) const { return ByteView(buffer_).substr(row.offset, row.key_bytes); }

  RocksCore& core_;
  KeyRange range_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  const rocksdb::Snapshot* snapshot_;
  bool own_snapshot_;
  std::unique_ptr<rocksdb::Iterator> source_;
  bool continues_ = false;  ///< It stands where the next portion begins.

  Bytes buffer_;
  std::vector<Row> rows_;
  size_t at_ = 0;
  bool forward_ = true;
  bool ended_ = true;  ///< Nothing follows the buffered rows.
  uint32_t portion_rows_;
  rocksdb::Status rocks_status_;
  Status status_;
};

}  // namespace orrery
