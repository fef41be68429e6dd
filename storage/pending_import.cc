#include "storage/pending_import.h"

#include "storage/write_batch.h"

namespace orrery {
namespace {

constexpr uint8_t kVersion = 1;
constexpr std::string_view kWhat = "pending import";

Status Corrupt(std::string_view detail) {
  return Status(StatusCode::kCorruption, std::string(kWhat) + ": " + std::string(detail));
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.find('/') == std::string_view::npos && name.front() != '.';
}

}  // namespace

Bytes EncodePendingImport(const PendingImport& pending) {
  Bytes out;
  Encoder encoder(out);
  encoder.Fixed32(0).Fixed8(kVersion).Varint(pending.files.size());
  for (const PendingImport::File& file : pending.files) {
    encoder.Fixed8(static_cast<uint8_t>(file.range.family))
        .LengthPrefixed(file.range.begin)
        .LengthPrefixed(file.range.end);
    encoder.LengthPrefixed(file.name).Fixed8(file.has_rows ? 1 : 0);
    encoder.LengthPrefixed(file.first_key).LengthPrefixed(file.last_key);
  }
  encoder.LengthPrefixed(pending.final_batch);
  const uint32_t crc = Crc32c(ByteView(out).substr(4));
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(crc >> (8 * i));
  return out;
}

Result<PendingImport> DecodePendingImport(ByteView bytes) {
  Decoder in(bytes);
  const uint32_t crc = in.Fixed32();
  if (!in.ok() || crc != Crc32c(bytes.substr(4))) return Corrupt("checksum mismatch");
  const uint8_t version = in.Fixed8();
  if (version != kVersion) {
    return Status(StatusCode::kVersionMismatch,
                  std::string(kWhat) + ": version " + std::to_string(version) + " is not known");
  }
  PendingImport pending;
  const uint64_t files = in.Varint();
  for (uint64_t i = 0; i < files && in.ok(); ++i) {
    PendingImport::File file;
    const uint8_t family = in.Fixed8();
    file.range.begin = Bytes(in.LengthPrefixed());
    file.range.end = Bytes(in.LengthPrefixed());
    file.name = std::string(in.LengthPrefixed());
    file.has_rows = in.Fixed8() != 0;
    file.first_key = Bytes(in.LengthPrefixed());
    file.last_key = Bytes(in.LengthPrefixed());
    if (!in.ok()) break;
    if (family >= kColumnFamilyCount) return Corrupt("unknown column family");
    if (file.has_rows && !IsPlainName(file.name)) return Corrupt("bad file name");
    file.range.family = static_cast<ColumnFamily>(family);
    pending.files.push_back(std::move(file));
  }
  pending.final_batch = Bytes(in.LengthPrefixed());
  ORRERY_RETURN_IF_ERROR(in.Finish(kWhat));
  ORRERY_RETURN_IF_ERROR(WriteBatch::Decode(pending.final_batch).status());
  return pending;
}

}  // namespace orrery
