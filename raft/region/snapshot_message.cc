#include "raft/region/snapshot_message.h"

namespace orrery {
namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

Bytes EncodeSnapshotMessage(const SnapshotMessage& message) {
  Bytes bytes;
  bytes.reserve(128 + message.install.size() + message.chunk.size());
  Encoder encoder(bytes);
  encoder.Fixed8(kVersion).Fixed8(static_cast<uint8_t>(message.kind)).Fixed64(message.cluster.value());
  EncodeLife(message.from, encoder);
  EncodeLife(message.to, encoder);
  encoder.Varint(message.region.value()).Fixed64(message.stream).Varint(message.sequence);
  switch (message.kind) {
    case SnapshotMessageKind::kChunk: encoder.LengthPrefixed(message.install).LengthPrefixed(message.chunk); break;
    case SnapshotMessageKind::kTaken: encoder.Fixed8(message.complete ? 1 : 0); break;
    case SnapshotMessageKind::kRefuse: break;
  }
  return bytes;
}

Result<SnapshotMessage> DecodeSnapshotMessage(ByteView bytes) {
  Decoder decoder(bytes);
  const uint8_t version = decoder.Fixed8();
  if (decoder.ok() && version != kVersion) {
    return Status(StatusCode::kVersionMismatch, "snapshot message has format " + std::to_string(version));
  }
  SnapshotMessage message;
  message.kind = static_cast<SnapshotMessageKind>(decoder.Fixed8());
  message.cluster = ClusterId(decoder.Fixed64());
  message.from = DecodeLife(decoder);
  message.to = DecodeLife(decoder);
  message.region = RegionId(decoder.Varint());
  message.stream = decoder.Fixed64();
  message.sequence = decoder.Varint();
  switch (message.kind) {
    case SnapshotMessageKind::kChunk:
      message.install = decoder.LengthPrefixed();
      message.chunk = decoder.LengthPrefixed();
      break;
    case SnapshotMessageKind::kTaken: message.complete = decoder.Fixed8() == 1; break;
    case SnapshotMessageKind::kRefuse: break;
    default: return Status(StatusCode::kCorruption, "snapshot message: unknown kind");
  }
  ORRERY_RETURN_IF_ERROR(decoder.Finish("snapshot message"));
  return message;
}

}  // namespace orrery
