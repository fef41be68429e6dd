#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"
#include "runtime/network.h"

namespace orrery {

/// What stands on the wire of RealNetwork. Each side sends one Hello, then frames. All integers little-endian.
/// Decoders take any bytes and never crash.

/// Grows when the meaning of anything on the wire changes.
constexpr uint32_t kProtocolVersion = 1;
/// "ORRERY" and two bytes that no text protocol begins with. These eight bytes and the version after them never
/// change, so that any two versions recognise each other.
constexpr uint64_t kHelloMagic = 0x0a00'5952'4552'524fu;

/// Who speaks. Wire form: magic u64, version u32, shard u32, cluster u64, node u64, boot u64, crc32c u32 of all that.
struct Hello {
  uint32_t version = kProtocolVersion;
  uint32_t shard = 0;
  ClusterId cluster;
  NodeId node;
  /// Random per boot: tells a restarted peer from one that still has older connections.
  uint64_t boot = 0;

  Endpoint endpoint() const { return {node, shard}; }
  friend bool operator==(const Hello&, const Hello&) = default;
};
constexpr size_t kHelloSizeBytes = 8 + 4 + 4 + 8 + 8 + 8 + 4;

Bytes EncodeHello(const Hello& hello);
/// Looks at the first bytes of a connection. No value and no error: more bytes are needed. kInvalidArgument: these
/// are not our bytes (shows them); kVersionMismatch: another protocol version (names both); kCorruption: damaged.
/// Tells garbage from the first differing byte on, so that a talkative stranger is not waited for.
Result<std::optional<Hello>> DecodeHello(ByteView in);

/// Header of a frame: length u32 (of the payload), crc32c u32 (of channel and payload), channel u8.
constexpr size_t kFrameHeaderSizeBytes = 4 + 4 + 1;

/// Writes the header of a frame to `out`, which has kFrameHeaderSizeBytes.
void EncodeFrameHeader(Channel channel, ByteView payload, char* out);

/// One frame at the front of a buffer.
struct FrameView {
  Channel channel{};
  ByteView payload;         ///< Points into the buffer.
  size_t size_bytes = 0;    ///< Of the whole frame; 0: not complete.
  size_t needed_bytes = 0;  ///< If not complete: the size the buffer must reach before it is worth asking again.
};

/// kTooLarge above kMessageBytesMax, kCorruption on a wrong checksum or channel number.
Result<FrameView> DecodeFrame(ByteView in);

}  // namespace orrery
