#pragma once

#include <cstddef>
#include <vector>

#include "raft/core/explorer/local_state.h"

namespace orrery::raft {

/// The states seen, by hash alone: 16 bytes each, open addressing. Two states with one hash are taken for one; the
/// report bounds the probability that this ever happened.
class HashSet {
 public:
  HashSet() : slots_(kStart) {}

  /// False if it was there already.
  bool Insert(Hash128 hash) {
    if (hash == Hash128{}) hash.low = 1;  // All zero marks a free slot.
    if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
    Hash128& slot = Find(hash);
    if (slot == hash) return false;
    slot = hash;
    ++size_;
    return true;
  }
  size_t size() const { return size_; }
  size_t bytes() const { return slots_.size() * sizeof(Hash128); }
  /// What it needs while it grows the next time.
  size_t bytes_if_grown() const { return 3 * bytes(); }
  bool grows_next() const { return (size_ + 1) * 4 > slots_.size() * 3; }

 private:
  static constexpr size_t kStart = size_t{1} << 16;

  Hash128& Find(const Hash128& hash) {
    size_t at = hash.low & (slots_.size() - 1);
    while (slots_[at] != Hash128{} && slots_[at] != hash) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  void Grow() {
    std::vector<Hash128> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Hash128& hash : old) {
      if (hash != Hash128{}) Find(hash) = hash;
    }
  }

  std::vector<Hash128> slots_;
  size_t size_ = 0;
};

}  // namespace orrery::raft
