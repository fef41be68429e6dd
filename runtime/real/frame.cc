#include "runtime/real/frame.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr size_t kMagicAndVersionBytes = 8 + 4;

Bytes MagicBytes() {
  Bytes magic;
  Encoder(magic).Fixed64(kHelloMagic);
  return magic;
}

bool KnownChannel(uint8_t channel) {
  return channel >= static_cast<uint8_t>(Channel::kRpc) && channel <= static_cast<uint8_t>(Channel::kSnapshot);
}

void PutFixed32(uint32_t value, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (8 * i));
}

uint32_t FrameChecksum(char channel, ByteView payload) {
  return Crc32c(payload, Crc32c(ByteView(&channel, 1)));
}

}  // namespace

Bytes EncodeHello(const Hello& hello) {
  Bytes out;
  Encoder(out)
      .Fixed64(kHelloMagic)
      .Fixed32(hello.version)
      .Fixed32(hello.shard)
      .Fixed64(hello.cluster.value())
      .Fixed64(hello.node.value())
      .Fixed64(hello.boot);
  const uint32_t checksum = Crc32c(out);
  Encoder(out).Fixed32(checksum);
  ORRERY_ASSERT(out.size() == kHelloSizeBytes);
  return out;
}

Result<std::optional<Hello>> DecodeHello(ByteView in) {
  const Bytes magic = MagicBytes();
  const size_t comparable = std::min(in.size(), magic.size());
  if (in.substr(0, comparable) != ByteView(magic).substr(0, comparable)) {
    return Status(StatusCode::kInvalidArgument, "not an Orrery node: it says \"" + Printable(in, 24) + "\"");
  }
  if (in.size() < kMagicAndVersionBytes) return std::optional<Hello>();
  Decoder decoder(in);
  decoder.Fixed64();
  Hello hello;
  hello.version = decoder.Fixed32();
  if (hello.version != kProtocolVersion) {
    return Status(StatusCode::kVersionMismatch, "it speaks protocol version " + std::to_string(hello.version) +
                                                    ", we speak version " + std::to_string(kProtocolVersion));
  }
  if (in.size() < kHelloSizeBytes) return std::optional<Hello>();
  hello.shard = decoder.Fixed32();
  hello.cluster = ClusterId(decoder.Fixed64());
  hello.node = NodeId(decoder.Fixed64());
  hello.boot = decoder.Fixed64();
  const uint32_t checksum = decoder.Fixed32();
  if (checksum != Crc32c(in.substr(0, kHelloSizeBytes - 4))) {
    return Status(StatusCode::kCorruption, "its greeting is damaged (checksum)");
  }
  return std::optional<Hello>(hello);
}

void EncodeFrameHeader(Channel channel, ByteView payload, char* out) {
  ORRERY_ASSERT(payload.size() <= kMessageBytesMax);
  const char channel_byte = static_cast<char>(channel);
  PutFixed32(static_cast<uint32_t>(payload.size()), out);
  PutFixed32(FrameChecksum(channel_byte, payload), out + 4);
  out[8] = channel_byte;
}

Result<FrameView> DecodeFrame(ByteView in) {
  FrameView frame;
  if (in.size() < kFrameHeaderSizeBytes) {
    frame.needed_bytes = kFrameHeaderSizeBytes;
    return frame;
  }
  Decoder decoder(in);
  const uint32_t length = decoder.Fixed32();
  const uint32_t checksum = decoder.Fixed32();
  const uint8_t channel = decoder.Fixed8();
  if (length > kMessageBytesMax) {
    return Status(StatusCode::kTooLarge, "a frame of " + std::to_string(length) + " bytes, at most " +
                                             std::to_string(kMessageBytesMax) + " are allowed");
  }
  if (!KnownChannel(channel)) {
    return Status(StatusCode::kCorruption, "a frame for unknown channel " + std::to_string(channel));
  }
  if (decoder.remaining() < length) {
    frame.needed_bytes = kFrameHeaderSizeBytes + length;
    return frame;
  }
  const ByteView payload = decoder.Raw(length);
  if (FrameChecksum(static_cast<char>(channel), payload) != checksum) {
    return Status(StatusCode::kCorruption, "a damaged frame of " + std::to_string(length) + " bytes (checksum)");
  }
  frame.channel = static_cast<Channel>(channel);
  frame.payload = payload;
  frame.size_bytes = kFrameHeaderSizeBytes + length;
  return frame;
}

}  // namespace orrery
