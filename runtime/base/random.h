#pragma once

#include <cstdint>
#include <string_view>

namespace orrery {

/// A well-mixed 64-bit function of one word (the finaliser of SplitMix64, Steele et al. 2014).
constexpr uint64_t Mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Content hash (XXH3, 64 bits) of `data` under `seed`. Equal on every platform and compiler.
uint64_t Hash64(std::string_view data, uint64_t seed = 0);

/// Folds one more word into a hash. Not commutative: order matters.
constexpr uint64_t HashCombine(uint64_t hash, uint64_t word) {
  return Mix64(hash ^ (word * 0xff51afd7ed558ccdu));
}

/// Randomness as a function of names. A Random is a key; Split(name) derives another key that depends on
/// this key and on the name only, never on how many numbers were drawn. Draws of one Random form a
/// sequence: give every purpose its own split, so that a new draw in one place shifts nothing elsewhere.
///
/// Uses integer arithmetic only, so that all builds agree. Copyable; a copy repeats the sequence.
/// Never draw twice in one expression: compilers order operands differently.
class Random {
 public:
  explicit Random(uint64_t key) : key_(key) {}

  Random Split(std::string_view name) const { return Random(Hash64(name, key_)); }
  Random Split(uint64_t name) const { return Random(HashCombine(key_, name)); }

  uint64_t key() const { return key_; }

  uint64_t NextU64() { return Mix64(key_ + 0x9e3779b97f4a7c15u * ++drawn_); }
  /// Uniform in [0, bound). Requires: bound > 0.
  uint64_t Below(uint64_t bound);
  /// Uniform in [low, high]. Requires: low <= high.
  int64_t Between(int64_t low, int64_t high);
  /// True with probability `p` (clamped to [0, 1]).
  bool Chance(double p);
  /// An index in [0, count) drawn with a strong preference for small ones (Zipf-like, exponent about 1,
  /// by repeated halving). Requires: count > 0.
  uint64_t Skewed(uint64_t count);
  /// Appends `size` random bytes.
  template <class String>
  void Fill(String& out, size_t size) {
    while (size > 0) {
      uint64_t word = NextU64();
      for (int i = 0; i < 8 && size > 0; ++i, --size, word >>= 8) out.push_back(static_cast<char>(word));
    }
  }

 private:
  uint64_t key_;
  uint64_t drawn_ = 0;
};

}  // namespace orrery
