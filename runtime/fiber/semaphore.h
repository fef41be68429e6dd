#pragma once

#include <cstddef>

#include "runtime/base/time.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// A count of permits. Fair: the longest waiter is served first, whatever it asks for.
class Semaphore {
 public:
  explicit Semaphore(size_t permits) : available_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  /// Suspends until `permits` are there. Throws Cancelled (then none was taken).
  void Acquire(size_t permits = 1);
  /// False if `deadline` passed first.
  [[nodiscard]] bool AcquireUntil(Deadline deadline, size_t permits = 1);
  /// Does not suspend.
  [[nodiscard]] bool TryAcquire(size_t permits = 1);
  /// Does not suspend.
  void Release(size_t permits = 1);
  size_t available() const { return available_; }

 private:
  size_t available_;
  size_t waiting_ = 0;
  WaitQueue queue_{"semaphore"};
};

}  // namespace orrery
