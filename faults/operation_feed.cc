#include "faults/operation_feed.h"

#include <algorithm>

namespace orrery::faults {

std::optional<OperationEntry> DrawnFeed::Next(Duration now) {
  const uint64_t ordinal = ++ordinal_;
  Random pauses = random_.Split("pauses").Split(ordinal);
  const Duration pause(ordinal == 1 ? 0 : pauses.Between(pause_.low.count(), pause_.high.count()));
  if (now + pause >= safety_) return std::nullopt;
  OperationEntry entry{.client = client_, .start = now + pause};
  entry.operation = workload_.Draw(client_, random_.Split(ordinal));
  entry.operation.ordinal = ordinal;
  return entry;
}

ListedFeed::ListedFeed(const CapsuleWorkload& workload, uint32_t client) {
  const auto by_client = [](const OperationEntry& entry, uint32_t wanted) { return entry.client < wanted; };
  const auto& all = workload.operations;
  const auto first = std::lower_bound(all.begin(), all.end(), client, by_client);
  const auto last = std::lower_bound(first, all.end(), client + 1, by_client);
  left_ = std::span(first, last);
}

std::optional<OperationEntry> ListedFeed::Next(Duration) {
  if (left_.empty()) return std::nullopt;
  const OperationEntry entry = left_.front();
  left_ = left_.subspan(1);
  return entry;
}

}  // namespace orrery::faults
