#pragma once

#include <cstdint>
#include <deque>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

namespace orrery {

/// The newest payloads of one log: a contiguous stretch of positions that ends with the log. Pure.
class LogCache {
 public:
  bool empty() const { return entries_.empty(); }
  /// First position held. Requires: !empty().
  LogIndex first() const { return first_; }
  bool Contains(LogIndex index) const { return index >= first_ && index.value() - first_.value() < entries_.size(); }
  size_t count() const { return entries_.size(); }

  struct Slot {
    uint8_t kind;
    Bytes payload;
  };
  /// Requires: Contains(index). Dies with the next change of the cache.
  const Slot& At(LogIndex index) const { return entries_[index.value() - first_.value()]; }

  // Each returns the bytes it added or removed; an entry counts its payload and a fixed overhead.
  /// Requires: empty() or index is the next position.
  uint64_t Append(LogIndex index, uint8_t kind, ByteView payload);
  /// Removes everything behind `last`.
  uint64_t TruncateTo(LogIndex last);
  /// Removes everything at or before `index`.
  uint64_t CompactTo(LogIndex index);
  /// Removes the older half, at least one. Requires: !empty().
  uint64_t DropOlderHalf();
  uint64_t Clear();

 private:
  static uint64_t Cost(const Slot& slot) { return slot.payload.size() + 64; }

  LogIndex first_;
  std::deque<Slot> entries_;
};

}  // namespace orrery
