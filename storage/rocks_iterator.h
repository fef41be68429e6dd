#pragma once

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

#include <memory>
#include <vector>

#include "storage/rocks_core.h"

namespace orrery {

/// EngineIterator on RocksDB. Rows are fetched in portions: first from memory only, on the loop; if a block is not
/// cached, by a job of lane kRead. Internal.
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
  /// One RocksDB iterator and whether it stands where the next portion begins.
  struct Source {
    std::unique_ptr<rocksdb::Iterator> rows;
    bool continues = false;
    bool forward = true;
  };

  void Restart(Start start);
  void Refill(const Start& start);
  /// Runs inside RocksDB. False if rows were missing from memory before the first one was found.
  bool Fill(Source& source, rocksdb::ReadTier tier, const Start& start);
  void Position(Source& source, const Start& start);
  void EnsureMade(Source& source, rocksdb::ReadTier tier);
  Bytes LastKey() const { return Bytes(KeyOf(rows_.back())); }
  ByteView KeyOf(const Row& row) const { return ByteView(buffer_).substr(row.offset, row.key_bytes); }

  RocksCore& core_;
  KeyRange range_;
  rocksdb::Slice lower_;
  rocksdb::Slice upper_;
  const rocksdb::Snapshot* snapshot_;
  bool own_snapshot_;
  Source cached_;
  Source full_;

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
