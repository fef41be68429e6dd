#pragma once

#include <cstdint>

#include "runtime/base/bytes.h"
#include "runtime/base/function_ref.h"
#include "storage/column_family.h"

namespace orrery {

/// Changes that take effect together or not at all. A plain value; order matters (a later change of the same key
/// wins). Never suspends.
///
/// Held as the body of a RocksDB write batch (tag, family, length-prefixed key, value), a format RocksDB has
/// kept since version 3, so that merging is an append and the RocksDB engine hands it on without encoding
/// again. Other engines walk it with ForEach.
class WriteBatch {
 public:
  enum class Kind : uint8_t { kPut, kDelete, kDeleteRange };
  struct Change {
    Kind kind;
    ColumnFamily family;
    ByteView key;    ///< kDeleteRange: the first key that goes.
    ByteView value;  ///< kDeleteRange: the first key that stays.
  };

  WriteBatch();

  void Put(ColumnFamily family, ByteView key, ByteView value);
  void Delete(ColumnFamily family, ByteView key);
  /// Removes every key in [begin, end) that is there when the batch is applied. Costs as much as deleting them one by
  /// one, on the loop: to empty a large range, import nothing into it. Requires: begin <= end.
  void DeleteRange(ColumnFamily family, ByteView begin, ByteView end);
  /// Adds all changes of `other` behind those of this batch.
  void Append(const WriteBatch& other);
  void Clear();

  bool empty() const { return count_ == 0; }
  uint32_t count() const { return count_; }
  bool has_ranges() const { return has_ranges_; }
  /// Bytes it takes in the write-ahead log.
  size_t size_bytes() const { return rep_.size(); }

  /// Views die with the next change of the batch.
  void ForEach(FunctionRef<void(const Change&)> visit) const;

  /// The bytes, with the count filled in; for the engine and for the stored form of a pending import.
  const Bytes& Encoded() const;
  /// kCorruption unless `bytes` is what Encoded() gives.
  static Result<WriteBatch> Decode(ByteView bytes);

 private:
  static constexpr size_t kHeaderBytes = 12;  // Sequence (8, zero) and count (4).

  mutable Bytes rep_;
  uint32_t count_ = 0;
  bool has_ranges_ = false;
};

}  // namespace orrery
