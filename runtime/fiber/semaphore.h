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
  /// False if too few are there or others queue. Does not suspend.
  [[nodiscard]] bool TryAcquire(size_t permits = 1);
  /// Does not suspend.
  void Release(size_t permits = 1);
  size_t available() const { return available_; }

 private:
  /// A fiber that waits; lives in its frame.
  struct Waiter;
  struct WaiterHook {
    ListHook hook;
  };

  void Grant();

  size_t available_;
  IntrusiveList<WaiterHook, &WaiterHook::hook> waiting_;
  /// Served, but not yet running. Kept so that a cancelled one gives its permits back.
  IntrusiveList<WaiterHook, &WaiterHook::hook> granted_;
};

}  // namespace orrery
