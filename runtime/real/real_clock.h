#pragma once

#include "runtime/clock.h"

namespace orrery {

/// CLOCK_BOOTTIME. Unlike CLOCK_MONOTONIC it runs on while the machine is suspended, so that a leader that slept
/// through its lease knows it. Sleeping uses CLOCK_MONOTONIC underneath (epoll): after a resume timers fire late,
/// but from the first turn on everybody sees the true span.
class RealClock final : public Clock {
 public:
  RealClock() { BeginTurn(); }

  Instant Now() override { return now_; }
  Instant FreshNow() override;
  WallTime WallNow() override;

  /// Moves Now(). The loop calls it once per turn.
  void BeginTurn() { now_ = FreshNow(); }

 private:
  Instant now_;
};

}  // namespace orrery
