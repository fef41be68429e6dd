#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "runtime/base/bytes.h"

namespace orrery {

/// Messages that wait for the store's loop, which may stand still for as long as a disk does. Bounded: what does not
/// fit is dropped, as a network drops; Raft and snapshots send again. Never suspends.
class Inbox {
 public:
  /// A message larger than `bytes_max` is taken when nothing else waits.
  explicit Inbox(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// False if it was dropped.
  [[nodiscard]] bool TryPut(Bytes message) {
    if (!messages_.empty() && bytes_ + message.size() > bytes_max_) return false;
    bytes_ += message.size();
    messages_.push_back(std::move(message));
    return true;
  }
  /// All that waited, in order of arrival.
  std::vector<Bytes> Take() {
    bytes_ = 0;
    return std::exchange(messages_, {});
  }
  bool empty() const { return messages_.empty(); }

 private:
  size_t bytes_max_;
  size_t bytes_ = 0;
  std::vector<Bytes> messages_;
};

}  // namespace orrery
