#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/random.h"

namespace orrery::check {

/// Numbers words densely in order of first appearance: an open-addressing hash table from 64-bit words to
/// 0, 1, 2... The word ~0 must not occur. Clear() keeps the memory.
class FlatIndex {
 public:
  static constexpr uint32_t kAbsent = 0xffffffffu;

  explicit FlatIndex(size_t expected = 0) { Reset(expected); }

  void Reset(size_t expected) {
    size_t capacity = 16;
    while (capacity * 3 < expected * 4 + 4) capacity *= 2;
    slots_.assign(capacity, Slot{});
    size_ = 0;
  }
  /// Forgets everything; cheap if few words were added.
  void Clear() { Reset(size_); }
  uint32_t Find(uint64_t word) const {
    const Slot& slot = slots_[Probe(word)];
    return slot.word == word ? slot.number : kAbsent;
  }
  uint32_t FindOrAdd(uint64_t word) {
    Slot& slot = slots_[Probe(word)];
    if (slot.word == word) return slot.number;
    slot = {word, size_};
    if (++size_ * uint64_t{4} > slots_.size() * 3) Grow();
    return size_ - 1;
  }
  uint32_t size() const { return size_; }
  size_t MemoryBytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  static constexpr uint64_t kFree = ~uint64_t{0};
  struct Slot {
    uint64_t word = kFree;
    uint32_t number = 0;
  };

  size_t Probe(uint64_t word) const {
    const size_t mask = slots_.size() - 1;
    size_t at = Mix64(word) & mask;
    while (slots_[at].word != kFree && slots_[at].word != word) at = (at + 1) & mask;
    return at;
  }
  void Grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.word != kFree) slots_[Probe(slot.word)] = slot;
    }
  }

  std::vector<Slot> slots_;
  uint32_t size_ = 0;
};

}  // namespace orrery::check
