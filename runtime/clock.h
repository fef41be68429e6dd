#pragma once

#include "runtime/base/time.h"

namespace orrery {

/// One node's idea of time. No function suspends. Sleeping is the Scheduler's.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Monotonic time as of the start of the current event-loop turn: it stands still while a turn runs, so
  /// no decision depends on how long the node computed.
  virtual Instant Now() = 0;

  /// Monotonic time right now; never before Now(). Between two calls any span may have passed (the
  /// process may have been paused), so this is what a lease check must use, after taking its snapshot.
  virtual Instant FreshNow() = 0;

  /// Calendar time; may be skewed, may step both ways.
  virtual WallTime WallNow() = 0;
};

}  // namespace orrery
