#pragma once

#include <mutex>

#include "runtime/base/assert.h"
#include "runtime/base/time.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// Mutual exclusion between fibers of one loop, over stretches that suspend. Code that does not suspend
/// needs none. Fair: the longest waiter is next. Not recursive.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  /// Suspends while another fiber holds it. Throws Cancelled (then it is not held).
  void Lock();
  /// False if `deadline` passed first. Suspends.
  [[nodiscard]] bool LockUntil(Deadline deadline);
  /// False if it is held or others queue for it. Does not suspend.
  [[nodiscard]] bool TryLock();
  /// Requires: held by the caller. Does not suspend.
  void Unlock();
  bool locked() const { return locked_; }

 private:
  bool locked_ = false;
  WaitQueue queue_{"mutex"};
};

/// Holds a Mutex for a scope. The destructor does not suspend.
class [[nodiscard]] MutexLock {
 public:
  /// Suspends.
  explicit MutexLock(Mutex& mutex) : mutex_(mutex) { mutex_.Lock(); }
  /// Requires: the caller holds it, by LockUntil say. Does not suspend.
  MutexLock(Mutex& mutex, std::adopt_lock_t) : mutex_(mutex) { ORRERY_ASSERT(mutex_.locked()); }
  ~MutexLock() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits for a predicate over state that fibers and callbacks of one loop change. Needs no mutex: nothing
/// else runs between the check and the wait.
///
///   condition.Await([&] { return applied >= index; });
///   ... elsewhere: applied = 7; condition.NotifyAll();
class Condition {
 public:
  explicit Condition(const char* name = "condition") : queue_(name) {}

  /// Suspends until `predicate` holds; does not suspend if it holds already. Throws Cancelled.
  template <class Predicate>
  void Await(Predicate predicate) {
    while (!predicate()) queue_.Wait();
  }
  /// The predicate's value when it held or the deadline had passed. Suspends.
  template <class Predicate>
  [[nodiscard]] bool AwaitUntil(Deadline deadline, Predicate predicate) {
    while (!predicate()) {
      if (!queue_.WaitUntil(deadline)) return predicate();
    }
    return true;
  }
  void NotifyOne() { queue_.NotifyOne(); }
  void NotifyAll() { queue_.NotifyAll(); }
  bool HasWaiters() const { return queue_.HasWaiters(); }

 private:
  WaitQueue queue_;
};

}  // namespace orrery
