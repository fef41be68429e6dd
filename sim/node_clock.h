#pragma once

#include <cstdint>

#include "runtime/base/time.h"
#include "sim/choices.h"
#include "sim/world_options.h"

namespace orrery::sim {

/// How one machine's clocks relate to virtual time: a monotonic clock with a start and a rate, a calendar
/// clock with an offset. Whole nanoseconds; conversions round so that a deadline is never reached early.
class NodeClock {
 public:
  /// `machine_life` counts the boots of the machine: a power loss starts the monotonic clock anew.
  NodeClock(const ClockOptions& options, const Choices& choices, uint64_t actor_hash);

  /// The monotonic clock starts anew at virtual time `now_nanos`.
  void StartMachine(uint64_t machine_life, int64_t now_nanos);
  Instant MonotonicAt(int64_t now_nanos) const;
  WallTime WallAt(int64_t now_nanos) const;
  /// The first virtual time at which the monotonic clock shows `at` or more; INT64_MAX for never.
  int64_t ReachedAt(Instant at) const;

  void SetDrift(int64_t drift_ppb, int64_t now_nanos);
  void StepWall(Duration step) { wall_offset_nanos_ += step.count(); }
  int64_t drift_ppb() const { return drift_ppb_; }
  int64_t start_nanos() const { return start_nanos_; }

 private:
  int64_t Stretch(int64_t span_nanos) const;

  const ClockOptions options_;
  const Choices& choices_;
  const uint64_t actor_hash_;
  int64_t drift_ppb_ = 0;
  int64_t base_virtual_nanos_ = 0;
  int64_t base_monotonic_nanos_ = 0;
  int64_t start_nanos_ = 0;
  int64_t wall_offset_nanos_ = 0;
};

}  // namespace orrery::sim
