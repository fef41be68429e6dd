#include "runtime/base/random.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/base/assert.h"

namespace orrery {

uint64_t Hash64(std::string_view data, uint64_t seed) {
  return XXH3_64bits_withSeed(data.data(), data.size(), seed);
}

uint64_t Random::Below(uint64_t bound) {
  ORRERY_ASSERT(bound > 0);
  // Multiply-shift; the bias is below bound / 2^64.
  const auto wide = static_cast<unsigned __int128>(NextU64()) * bound;
  return static_cast<uint64_t>(wide >> 64);
}

int64_t Random::Between(int64_t low, int64_t high) {
  ORRERY_ASSERT(low <= high);
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  const uint64_t offset = span == UINT64_MAX ? NextU64() : Below(span + 1);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

bool Random::Chance(double p) {
  const uint64_t draw = NextU64() >> 11;  // 53 bits: exact as a double.
  return static_cast<double>(draw) < p * 9007199254740992.0;
}

uint64_t Random::Skewed(uint64_t count) {
  ORRERY_ASSERT(count > 0);
  uint64_t bound = count;
  while (bound > 1) {
    if ((NextU64() & 1) == 0) break;
    bound = (bound + 1) / 2;
  }
  return Below(bound);
}

}  // namespace orrery
