#pragma once

#include <cstdint>

#include "runtime/base/time.h"

namespace orrery {

/// At most one line per interval; counts what it kept back.
class RateLimit {
 public:
  explicit RateLimit(Duration interval) : interval_(interval) {}

  /// Whether to write now; `suppressed` then says how many were not written since the last time.
  bool Allow(Instant now, uint64_t* suppressed) {
    if (now < next_) {
      ++suppressed_;
      return false;
    }
    next_ = now + interval_;
    *suppressed = suppressed_;
    suppressed_ = 0;
    return true;
  }

 private:
  Duration interval_;
  Instant next_ = Instant::Min();
  uint64_t suppressed_ = 0;
};

}  // namespace orrery
