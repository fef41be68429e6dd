#include "storage/snapshot_chunk.h"

namespace orrery {
namespace {

constexpr uint32_t kMagic = 0x4b4e4843;  // "CHNK"
constexpr uint8_t kVersion = 1;
constexpr uint8_t kFlagLast = 1;
constexpr size_t kChecksumBytes = 4;
constexpr std::string_view kWhat = "snapshot chunk";

Status Corrupt(std::string_view detail) {
  return Status(StatusCode::kCorruption, std::string(kWhat) + ": " + std::string(detail));
}

Result<std::vector<SnapshotRow>> DecodeRows(Decoder& in, uint64_t count) {
  // A row takes at least three bytes: a count beyond that is damage, not a reason to allocate.
  if (count > in.remaining() / 3) return Corrupt("impossible row count");
  std::vector<SnapshotRow> rows;
  rows.reserve(count);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const uint8_t family = in.Fixed8();
    const ByteView key = in.LengthPrefixed();
    const ByteView value = in.LengthPrefixed();
    if (family >= kColumnFamilyCount) return Corrupt("unknown column family");
    rows.push_back({static_cast<ColumnFamily>(family), key, value});
  }
  return rows;
}

}  // namespace

SnapshotChunkBuilder::SnapshotChunkBuilder(uint64_t sequence, uint64_t rows_before)
    : sequence_(sequence), rows_before_(rows_before) {}

void SnapshotChunkBuilder::Add(const SnapshotRow& row) {
  Encoder(body_).Fixed8(static_cast<uint8_t>(row.family)).LengthPrefixed(row.key).LengthPrefixed(row.value);
  ++rows_;
}

Bytes SnapshotChunkBuilder::Finish(bool last) {
  Bytes out;
  out.reserve(body_.size() + 40);
  Encoder encoder(out);
  encoder.Fixed32(kMagic).Fixed8(kVersion).Fixed8(last ? kFlagLast : 0);
  encoder.Fixed64(sequence_).Fixed64(rows_before_).Varint(rows_).Raw(body_);
  encoder.Fixed32(Crc32c(out));
  return out;
}

Result<SnapshotChunk> DecodeSnapshotChunk(ByteView bytes) {
  if (bytes.size() < kChecksumBytes) return Corrupt("truncated");
  const ByteView body = bytes.substr(0, bytes.size() - kChecksumBytes);
  Decoder tail(bytes.substr(body.size()));
  Decoder in(body);
  if (in.Fixed32() != kMagic) return Corrupt("not a chunk");
  const uint8_t version = in.Fixed8();
  if (tail.Fixed32() != Crc32c(body)) return Corrupt("checksum mismatch");
  if (version != kVersion) {
    return Status(StatusCode::kVersionMismatch,
                  std::string(kWhat) + ": version " + std::to_string(version) + " is not known");
  }
  SnapshotChunk chunk;
  const uint8_t flags = in.Fixed8();
  if ((flags & ~kFlagLast) != 0) return Corrupt("unknown flags");
  chunk.last = (flags & kFlagLast) != 0;
  chunk.sequence = in.Fixed64();
  chunk.rows_before = in.Fixed64();
  ORRERY_ASSIGN_OR_RETURN(chunk.rows, DecodeRows(in, in.Varint()));
  ORRERY_RETURN_IF_ERROR(in.Finish(kWhat));
  return chunk;
}

}  // namespace orrery
