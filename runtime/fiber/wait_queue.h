#pragma once

#include "runtime/base/time.h"
#include "runtime/fiber/fiber.h"

namespace orrery {

/// Where fibers wait for somebody to notify them: the primitive under Mutex, Future and the others.
/// First come, first woken. No spurious wake-ups. Fibers and the main stack (network callbacks, timers)
/// may notify. A queue that dies while fibers wait in it orphans them: they wait until their deadline
/// passes or they are cancelled.
class WaitQueue {
 public:
  WaitQueue() = default;
  /// `name` is a literal for reports.
  explicit WaitQueue(const char* name) : name_(name) {}
  ~WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  /// Suspends until notified. Throws Cancelled; a notification that a cancelled fiber had received but
  /// not seen goes to the next waiter.
  void Wait();
  /// Suspends until notified (true) or until `deadline` passed (false). Returns false at once, without
  /// suspending, if it had passed when timers were last fired. Throws Cancelled.
  [[nodiscard]] bool WaitUntil(Deadline deadline);

  /// Wakes the longest waiter. False if nobody waits. Does not suspend.
  bool NotifyOne();
  void NotifyAll();

  bool HasWaiters() const { return !waiting_.empty(); }
  /// True while somebody was notified and has not run since.
  bool HasNotified() const { return !notified_.empty(); }

 private:
  const char* name_ = "wait queue";
  IntrusiveList<Fiber, &Fiber::wait_hook_> waiting_;
  /// Woken, but not yet running. Kept so that a cancelled one can pass its notification on.
  IntrusiveList<Fiber, &Fiber::wait_hook_> notified_;
};

}  // namespace orrery
