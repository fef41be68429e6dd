#include "storage/store_ident.h"

#include "runtime/disk.h"

namespace orrery {
namespace {

constexpr uint32_t kMagic = 0x4f52524f;  // "ORRO"
constexpr uint32_t kFormat = 1;
constexpr size_t kClusterBytesMax = 255;
constexpr size_t kFileBytesMax = 1024;
constexpr std::string_view kWhat = "store identity file";

std::string Describe(const StoreIdent& ident) {
  std::string text = "cluster \"" + Printable(ident.cluster) + "\" store " + ToString(ident.store);
  if (ident.incarnation.valid()) text += " incarnation " + ToString(ident.incarnation);
  return text;
}

Status Corrupt(std::string_view detail) {
  return Status(StatusCode::kCorruption, std::string(kWhat) + " " + kStoreIdentFile + ": " + std::string(detail));
}

}  // namespace

Bytes EncodeStoreIdent(const StoreIdent& ident) {
  Bytes out;
  Encoder encoder(out);
  encoder.Fixed32(kMagic).Fixed32(ident.format);
  encoder.LengthPrefixed(ident.cluster).Fixed64(ident.store.value()).Fixed64(ident.incarnation.value());
  encoder.Fixed32(Crc32c(out));
  return out;
}

Result<StoreIdent> DecodeStoreIdent(ByteView bytes) {
  if (bytes.size() < 12) return Corrupt("truncated");
  const ByteView body = bytes.substr(0, bytes.size() - 4);
  Decoder tail(bytes.substr(body.size()));
  Decoder in(body);
  if (in.Fixed32() != kMagic) return Corrupt("not an identity file");
  if (tail.Fixed32() != Crc32c(body)) return Corrupt("checksum mismatch");
  StoreIdent ident;
  ident.format = in.Fixed32();
  if (ident.format != kFormat) {
    return Status(StatusCode::kVersionMismatch, std::string(kWhat) + ": format " + std::to_string(ident.format) +
                                                    " is not known, this program writes format " +
                                                    std::to_string(kFormat));
  }
  ident.cluster = Bytes(in.LengthPrefixed());
  ident.store = StoreId(in.Fixed64());
  ident.incarnation = Incarnation(in.Fixed64());
  ORRERY_RETURN_IF_ERROR(in.Finish(kWhat));
  if (ident.cluster.empty() || ident.cluster.size() > kClusterBytesMax) return Corrupt("bad cluster id");
  if (!ident.store.valid()) return Corrupt("no store id");
  if (!ident.incarnation.valid()) return Corrupt("no incarnation");
  return ident;
}

Result<std::optional<StoreIdent>> ReadStoreIdent(Disk& disk) {
  const Result<Bytes> bytes = disk.ReadFile(kStoreIdentFile, kFileBytesMax);
  if (bytes.code() == StatusCode::kNotFound) return std::optional<StoreIdent>();
  if (bytes.code() == StatusCode::kTooLarge) return Corrupt("too large");
  if (!bytes.ok()) return bytes.status().Wrap(kWhat);
  ORRERY_ASSIGN_OR_RETURN(StoreIdent ident, DecodeStoreIdent(bytes.value()));
  return std::optional<StoreIdent>(std::move(ident));
}

Status WriteStoreIdent(Disk& disk, const StoreIdent& ident) {
  if (ident.cluster.empty() || ident.cluster.size() > kClusterBytesMax || !ident.store.valid() ||
      !ident.incarnation.valid() || ident.format != kFormat) {
    return Status(StatusCode::kInvalidArgument, "store identity: " + Describe(ident) + " is not complete");
  }
  ORRERY_ASSIGN_OR_RETURN(const bool exists, disk.Exists(kStoreIdentFile));
  if (exists) return Status(StatusCode::kAlreadyExists, std::string(kWhat) + " " + kStoreIdentFile + " exists");
  return disk.WriteFileDurably(kStoreIdentFile, EncodeStoreIdent(ident)).Wrap(kWhat);
}

Status CheckStoreIdent(const StoreIdent& found, const StoreIdent& expected) {
  const bool same_life = !expected.incarnation.valid() || found.incarnation == expected.incarnation;
  if (found.cluster == expected.cluster && found.store == expected.store && same_life) return Status::Ok();
  return Status(StatusCode::kWrongTarget, "the data directory belongs to " + Describe(found) +
                                              ", but this process was started as " + Describe(expected));
}

}  // namespace orrery
