#pragma once

#include "runtime/base/assert.h"
#include "runtime/base/random.h"
#include "runtime/base/time.h"

namespace orrery {

/// Waiting times between attempts: doubling from `min` to `max`, each drawn uniformly from its upper half
/// so that many clients do not march in step. A value; one per operation.
class Backoff {
 public:
  /// Requires: 0 < min <= max.
  Backoff(Duration min, Duration max, Random random) : next_(min), max_(max), random_(random) {
    ORRERY_ASSERT(min.count() > 0);
    ORRERY_ASSERT(min <= max);
  }

  Duration Next() {
    const int64_t top = next_.count();
    next_ = next_ * 2 < max_ ? next_ * 2 : max_;
    return Duration(random_.Between(top / 2, top));
  }

 private:
  Duration next_;
  Duration max_;
  Random random_;
};

}  // namespace orrery
