#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace orrery {

/// Owned bytes. Not text: any value may occur, including zero.
using Bytes = std::string;
/// Borrowed bytes; the owner must outlive the view.
using ByteView = std::string_view;

/// CRC-32C (Castagnoli) of `data`, continuing from `seed` (0 to start).
uint32_t Crc32c(ByteView data, uint32_t seed = 0);

/// Printable form of arbitrary bytes for logs: ASCII stays, the rest becomes \xNN; cut after `limit` bytes.
std::string Printable(ByteView data, size_t limit = 64);

/// Appends fields to a byte string. Integers are little-endian unless the name says big-endian.
class Encoder {
 public:
  explicit Encoder(Bytes& out) : out_(out) {}

  Encoder& Fixed8(uint8_t value);
  Encoder& Fixed32(uint32_t value);
  Encoder& Fixed64(uint64_t value);
  /// Big-endian, so that byte order is number order. For keys.
  Encoder& BigEndian64(uint64_t value);
  Encoder& Varint(uint64_t value);
  /// Varint length, then the bytes.
  Encoder& LengthPrefixed(ByteView data);
  /// The bytes alone.
  Encoder& Raw(ByteView data);

 private:
  Bytes& out_;
};

/// Reads fields back. Every getter checks bounds; after the first failure all later reads fail too, so a
/// decoder may read all fields and ask ok() once. Views point into the input.
class Decoder {
 public:
  explicit Decoder(ByteView in) : in_(in) {}

  uint8_t Fixed8();
  uint32_t Fixed32();
  uint64_t Fixed64();
  uint64_t BigEndian64();
  uint64_t Varint();
  ByteView LengthPrefixed();
  ByteView Raw(size_t size);
  /// Everything not read yet.
  ByteView Rest();

  bool ok() const { return ok_; }
  bool AtEnd() const { return in_.empty(); }
  size_t remaining() const { return in_.size(); }
  /// kCorruption "<what>: truncated or malformed" unless every read succeeded and no byte is left over.
  Status Finish(std::string_view what) const;

 private:
  ByteView Take(size_t size);

  ByteView in_;
  bool ok_ = true;
};

}  // namespace orrery
