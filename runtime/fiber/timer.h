#pragma once

#include <functional>

#include "runtime/base/time.h"
#include "runtime/fiber/indexed_heap.h"

namespace orrery {

class Scheduler;

/// Calls back on the loop's main stack at a given instant, without a fiber. The callback must not suspend;
/// it may arm this timer again, but not destroy it. Disarmed by its destructor. Not movable.
class Timer {
 public:
  Timer(Scheduler& scheduler, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces an earlier arming. Instant::Max() means never. An instant that has passed fires at the next
  /// FireTimers.
  void Arm(Instant at);
  void Disarm();
  bool armed() const { return node_.queued(); }

 private:
  friend class Scheduler;

  Scheduler& scheduler_;
  std::function<void()> callback_;
  HeapNode node_;
};

}  // namespace orrery
