#include "runtime/base/bytes.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <array>
#include <limits>

namespace orrery {
namespace {

template <class Integer>
void AppendLittleEndian(Bytes& out, Integer value) {
  std::array<char, sizeof(Integer)> raw;
  for (size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<char>(value >> (8 * i));
  out.append(raw.data(), raw.size());
}

template <class Integer>
Integer ReadLittleEndian(ByteView raw) {
  Integer value = 0;
  for (size_t i = 0; i < raw.size(); ++i) {
    value |= static_cast<Integer>(static_cast<Integer>(static_cast<uint8_t>(raw[i])) << (8 * i));
  }
  return value;
}

constexpr int kVarintBytesMax = 10;

}  // namespace

uint32_t Crc32c(ByteView data, uint32_t seed) {
  // The library takes lengths as int and works on the inverted register.
  uint32_t crc = ~seed;
  while (!data.empty()) {
    const size_t chunk = std::min<size_t>(data.size(), std::numeric_limits<int>::max());
    auto* begin = reinterpret_cast<unsigned char*>(const_cast<char*>(data.data()));
    crc = crc32_iscsi(begin, static_cast<int>(chunk), crc);
    data.remove_prefix(chunk);
  }
  return ~crc;
}

std::string Printable(ByteView data, size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const char c : data.substr(0, limit)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      text += c;
    } else {
      text += "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
  }
  if (data.size() > limit) text += "...(" + std::to_string(data.size()) + " bytes)";
  return text;
}

Encoder& Encoder::Fixed8(uint8_t value) {
  out_.push_back(static_cast<char>(value));
  return *this;
}

Encoder& Encoder::Fixed32(uint32_t value) {
  AppendLittleEndian(out_, value);
  return *this;
}

Encoder& Encoder::Fixed64(uint64_t value) {
  AppendLittleEndian(out_, value);
  return *this;
}

Encoder& Encoder::BigEndian64(uint64_t value) {
  AppendLittleEndian(out_, __builtin_bswap64(value));
  return *this;
}

Encoder& Encoder::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<char>(value));
  return *this;
}

Encoder& Encoder::LengthPrefixed(ByteView data) {
  Varint(data.size());
  return Raw(data);
}

Encoder& Encoder::Raw(ByteView data) {
  out_.append(data);
  return *this;
}

ByteView Decoder::Take(size_t size) {
  if (!ok_ || size > in_.size()) {
    ok_ = false;
    in_ = {};
    return {};
  }
  const ByteView taken = in_.substr(0, size);
  in_.remove_prefix(size);
  return taken;
}

uint8_t Decoder::Fixed8() {
  return ReadLittleEndian<uint8_t>(Take(1));
}
uint32_t Decoder::Fixed32() {
  return ReadLittleEndian<uint32_t>(Take(4));
}
uint64_t Decoder::Fixed64() {
  return ReadLittleEndian<uint64_t>(Take(8));
}
uint64_t Decoder::BigEndian64() {
  return __builtin_bswap64(Fixed64());
}

uint64_t Decoder::Varint() {
  uint64_t value = 0;
  for (int i = 0; i < kVarintBytesMax; ++i) {
    const uint8_t byte = Fixed8();
    if (!ok_) return 0;
    const uint64_t low = byte & 0x7f;
    if (i == kVarintBytesMax - 1 && low > 1) break;  // More than 64 bits.
    value |= low << (7 * i);
    if ((byte & 0x80) == 0) return value;
  }
  ok_ = false;
  in_ = {};
  return 0;
}

ByteView Decoder::LengthPrefixed() {
  const uint64_t size = Varint();
  return Take(size);
}

ByteView Decoder::Raw(size_t size) {
  return Take(size);
}

ByteView Decoder::Rest() {
  return Take(in_.size());
}

Status Decoder::Finish(std::string_view what) const {
  if (ok_ && in_.empty()) return Status::Ok();
  std::string message(what);
  message += ok_ ? ": " + std::to_string(in_.size()) + " bytes too many" : ": truncated or malformed";
  return Status(StatusCode::kCorruption, std::move(message));
}

}  // namespace orrery
