#include "storage/log_cache.h"

#include "runtime/base/assert.h"

namespace orrery {

uint64_t LogCache::Append(LogIndex index, uint8_t kind, ByteView payload) {
  if (entries_.empty()) first_ = index;
  ORRERY_ASSERT(index.value() == first_.value() + entries_.size());
  entries_.push_back({kind, Bytes(payload)});
  return Cost(entries_.back());
}

uint64_t LogCache::TruncateTo(LogIndex last) {
  uint64_t removed = 0;
  while (!entries_.empty() && first_.value() + entries_.size() - 1 > last.value()) {
    removed += Cost(entries_.back());
    entries_.pop_back();
  }
  return removed;
}

uint64_t LogCache::CompactTo(LogIndex index) {
  uint64_t removed = 0;
  while (!entries_.empty() && first_ <= index) {
    removed += Cost(entries_.front());
    entries_.pop_front();
    first_ = first_.Next();
  }
  return removed;
}

uint64_t LogCache::DropOlderHalf() {
  ORRERY_ASSERT(!entries_.empty());
  return CompactTo(LogIndex(first_.value() + (entries_.size() - 1) / 2));
}

uint64_t LogCache::Clear() {
  return entries_.empty() ? 0 : CompactTo(LogIndex(first_.value() + entries_.size() - 1));
}

}  // namespace orrery
