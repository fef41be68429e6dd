#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/bytes.h"
#include "storage/column_family.h"

namespace orrery {

/// One row of a range snapshot.
struct SnapshotRow {
  ColumnFamily family;
  ByteView key;
  ByteView value;
};

/// One piece of a range snapshot, as it travels between stores. Format (version 1): magic, version, flags (last),
/// sequence number, rows before this chunk, row count, rows (family, key, value), CRC-32C of all before.
struct SnapshotChunk {
  uint64_t sequence = 0;     ///< 0, 1, 2, ...
  uint64_t rows_before = 0;  ///< In the chunks before: a lost or doubled chunk shows.
  bool last = false;
  std::vector<SnapshotRow> rows;  ///< Views into the encoded bytes.
};

/// Builds one chunk.
class SnapshotChunkBuilder {
 public:
  SnapshotChunkBuilder(uint64_t sequence, uint64_t rows_before);
  void Add(const SnapshotRow& row);
  size_t size_bytes() const { return body_.size(); }
  uint64_t rows() const { return rows_; }
  Bytes Finish(bool last);

 private:
  uint64_t sequence_;
  uint64_t rows_before_;
  uint64_t rows_ = 0;
  Bytes body_;
};

/// kCorruption, kVersionMismatch. The rows point into `bytes`.
Result<SnapshotChunk> DecodeSnapshotChunk(ByteView bytes);

}  // namespace orrery
