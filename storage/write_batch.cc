#include "storage/write_batch.h"

#include <limits>

#include "runtime/base/assert.h"

namespace orrery {
namespace {

// RocksDB's record tags (db/dbformat.h, ValueType), for records that name their column family.
constexpr uint8_t kTagDelete = 0x4;
constexpr uint8_t kTagPut = 0x5;
constexpr uint8_t kTagDeleteRange = 0xE;

constexpr size_t kCountOffset = 8;

/// Reads one change; false at the end or on damage.
bool ReadChange(Decoder& in, WriteBatch::Change* change) {
  const uint8_t tag = in.Fixed8();
  const uint64_t family = in.Varint();
  change->key = in.LengthPrefixed();
  change->value = {};
  switch (tag) {
    case kTagPut:
      change->kind = WriteBatch::Kind::kPut;
      change->value = in.LengthPrefixed();
      break;
    case kTagDelete: change->kind = WriteBatch::Kind::kDelete; break;
    case kTagDeleteRange:
      change->kind = WriteBatch::Kind::kDeleteRange;
      change->value = in.LengthPrefixed();
      break;
    default: return false;
  }
  if (!in.ok() || family >= kColumnFamilyCount) return false;
  change->family = static_cast<ColumnFamily>(family);
  return true;
}

void BeginRecord(Bytes& rep, uint8_t tag, ColumnFamily family, ByteView key) {
  static_assert(kColumnFamilyCount < 128, "The family is written as a one-byte varint.");
  Encoder(rep).Fixed8(tag).Fixed8(static_cast<uint8_t>(family)).LengthPrefixed(key);
}

}  // namespace

WriteBatch::WriteBatch() : rep_(kHeaderBytes, '\0') {}

void WriteBatch::Put(ColumnFamily family, ByteView key, ByteView value) {
  BeginRecord(rep_, kTagPut, family, key);
  Encoder(rep_).LengthPrefixed(value);
  ++count_;
}

void WriteBatch::Delete(ColumnFamily family, ByteView key) {
  BeginRecord(rep_, kTagDelete, family, key);
  ++count_;
}

void WriteBatch::DeleteRange(ColumnFamily family, ByteView begin, ByteView end) {
  ORRERY_ASSERT(begin <= end);
  BeginRecord(rep_, kTagDeleteRange, family, begin);
  Encoder(rep_).LengthPrefixed(end);
  ++count_;
  has_ranges_ = true;
}

void WriteBatch::Append(const WriteBatch& other) {
  ORRERY_ASSERT(&other != this);
  ORRERY_ASSERT(other.count_ <= std::numeric_limits<uint32_t>::max() - count_);
  rep_.append(other.rep_, kHeaderBytes);
  count_ += other.count_;
  has_ranges_ = has_ranges_ || other.has_ranges_;
}

void WriteBatch::Clear() {
  rep_.resize(kHeaderBytes);
  count_ = 0;
  has_ranges_ = false;
}

void WriteBatch::ForEach(FunctionRef<void(const Change&)> visit) const {
  Decoder in(ByteView(rep_).substr(kHeaderBytes));
  uint32_t seen = 0;
  for (Change change; !in.AtEnd(); ++seen) {
    ORRERY_ASSERT(ReadChange(in, &change));
    visit(change);
  }
  ORRERY_ASSERT(seen == count_);
}

const Bytes& WriteBatch::Encoded() const {
  for (size_t i = 0; i < sizeof(count_); ++i) rep_[kCountOffset + i] = static_cast<char>(count_ >> (8 * i));
  return rep_;
}

Result<WriteBatch> WriteBatch::Decode(ByteView bytes) {
  Decoder in(bytes);
  const uint64_t sequence = in.Fixed64();
  const uint32_t count = in.Fixed32();
  uint32_t seen = 0;
  bool sound = in.ok() && sequence == 0;
  bool has_ranges = false;
  for (Change change; sound && !in.AtEnd(); ++seen) {
    sound = ReadChange(in, &change);
    if (!sound || change.kind != Kind::kDeleteRange) continue;
    has_ranges = true;
    sound = change.key <= change.value;
  }
  if (!sound || seen != count) return Status(StatusCode::kCorruption, "write batch: truncated or malformed");
  WriteBatch batch;
  batch.rep_ = Bytes(bytes);
  batch.count_ = count;
  batch.has_ranges_ = has_ranges;
  return batch;
}

}  // namespace orrery
