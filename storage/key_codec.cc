#include "storage/key_codec.h"

namespace orrery {
namespace {

constexpr uint8_t kRecordVersion = 1;

Status Corrupt(RegionId region, std::string_view what) {
  return Status(StatusCode::kCorruption, "raft log of region " + ToString(region) + ": " + std::string(what));
}

Status CorruptEntry(RegionId region, LogIndex index, std::string_view what) {
  return Corrupt(region, "entry " + ToString(index) + ": " + std::string(what));
}

/// Binds a value to its place, so that a value found under another key does not pass.
uint32_t PlaceSeed(RegionId region, uint64_t place) {
  char raw[16];
  for (int i = 0; i < 8; ++i) {
    raw[i] = static_cast<char>(region.value() >> (8 * i));
    raw[8 + i] = static_cast<char>(place >> (8 * i));
  }
  return Crc32c(ByteView(raw, sizeof(raw)));
}

void PatchChecksum(Bytes& out, size_t at, uint32_t seed) {
  const uint32_t crc = Crc32c(ByteView(out).substr(at + 4), seed);
  for (int i = 0; i < 4; ++i) out[at + i] = static_cast<char>(crc >> (8 * i));
}

bool IsRaftTag(uint8_t tag) {
  return (tag >= static_cast<uint8_t>(RaftTag::kHardState) && tag <= static_cast<uint8_t>(RaftTag::kExtra)) ||
         tag == static_cast<uint8_t>(RaftTag::kEntry);
}

}  // namespace

Bytes RaftRecordKey(RegionId region, RaftTag tag) {
  Bytes key;
  key.reserve(9);
  Encoder(key).BigEndian64(region.value()).Fixed8(static_cast<uint8_t>(tag));
  return key;
}

Bytes RaftEntryKey(RegionId region, LogIndex index) {
  Bytes key;
  key.reserve(17);
  Encoder(key).BigEndian64(region.value()).Fixed8(static_cast<uint8_t>(RaftTag::kEntry)).BigEndian64(index.value());
  return key;
}

Bytes RaftRegionBegin(RegionId region) {
  Bytes key;
  Encoder(key).BigEndian64(region.value());
  return key;
}

Bytes RaftRegionEnd(RegionId region) {
  return RaftRegionBegin(region) + '\xff';  // Behind every tag.
}

Result<RaftKey> DecodeRaftKey(ByteView key) {
  Decoder in(key);
  RaftKey decoded;
  decoded.region = RegionId(in.BigEndian64());
  const uint8_t tag = in.Fixed8();
  decoded.tag = static_cast<RaftTag>(tag);
  if (decoded.tag == RaftTag::kEntry) decoded.index = LogIndex(in.BigEndian64());
  ORRERY_RETURN_IF_ERROR(in.Finish("raft key " + Printable(key)));
  if (!IsRaftTag(tag)) return Status(StatusCode::kCorruption, "raft key " + Printable(key) + ": unknown tag");
  return decoded;
}

void EncodeEntry(RegionId region, LogIndex index, const StoredEntry& entry, Bytes* out) {
  const size_t at = out->size();
  Encoder(*out).Fixed32(0).Fixed8(entry.kind).Varint(entry.term.value()).Raw(entry.payload);
  PatchChecksum(*out, at, PlaceSeed(region, index.value()));
}

Result<StoredEntry> DecodeEntry(RegionId region, LogIndex index, ByteView value) {
  Decoder in(value);
  const uint32_t crc = in.Fixed32();
  if (!in.ok()) return CorruptEntry(region, index, "truncated");
  if (crc != Crc32c(value.substr(4), PlaceSeed(region, index.value())))
    return CorruptEntry(region, index, "checksum mismatch");
  StoredEntry entry;
  entry.kind = in.Fixed8();
  entry.term = Term(in.Varint());
  if (!in.ok()) return CorruptEntry(region, index, "malformed");
  entry.payload = in.Rest();
  return entry;
}

Bytes EncodeGroupRecord(RegionId region, RaftTag tag, ByteView content) {
  Bytes out;
  out.reserve(content.size() + 5);
  Encoder(out).Fixed32(0).Fixed8(kRecordVersion).Raw(content);
  PatchChecksum(out, 0, PlaceSeed(region, static_cast<uint64_t>(tag)));
  return out;
}

Result<ByteView> DecodeGroupRecord(RegionId region, RaftTag tag, ByteView value) {
  const std::string what = "record " + std::to_string(static_cast<int>(tag));
  Decoder in(value);
  const uint32_t crc = in.Fixed32();
  const uint8_t version = in.Fixed8();
  if (!in.ok()) return Corrupt(region, what + ": truncated");
  if (crc != Crc32c(value.substr(4), PlaceSeed(region, static_cast<uint64_t>(tag))))
    return Corrupt(region, what + ": checksum mismatch");
  if (version != kRecordVersion) {
    return Status(StatusCode::kVersionMismatch, "raft log of region " + ToString(region) + ": " + what + ": version " +
                                                    std::to_string(version) + " is not known");
  }
  return in.Rest();
}

Bytes EncodeLogState(const LogState& state) {
  Bytes out;
  Encoder(out).Fixed64(state.base.value()).Fixed64(state.base_term.value());
  return out;
}

Result<LogState> DecodeLogState(ByteView content) {
  Decoder in(content);
  LogState state;
  state.base = LogIndex(in.Fixed64());
  state.base_term = Term(in.Fixed64());
  ORRERY_RETURN_IF_ERROR(in.Finish("log state"));
  return state;
}

}  // namespace orrery
