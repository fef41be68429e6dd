#include "workloads/values.h"

#include <fmt/core.h>

namespace orrery {
namespace {

constexpr size_t kHeaderBytes = 12;  // Number and checksum.

}  // namespace

Bytes MakeValue(uint64_t number, uint32_t size_bytes) {
  Bytes body;
  Encoder(body).Fixed64(number);
  for (uint64_t i = 0; body.size() + 4 < size_bytes; ++i) body.push_back(static_cast<char>('a' + (number + i) % 26));
  Bytes value;
  Encoder(value).Fixed32(Crc32c(body)).Raw(body);
  return value;
}

std::optional<uint64_t> ParseValue(ByteView value) {
  if (value.size() < kHeaderBytes) return std::nullopt;
  Decoder in(value);
  const uint32_t crc = in.Fixed32();
  if (Crc32c(value.substr(4)) != crc) return std::nullopt;
  return in.Fixed64();
}

Bytes NumberedKey(std::string_view prefix, uint64_t number) {
  return fmt::format("{}/{:06}", prefix, number);
}

}  // namespace orrery
