#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include "runtime/fiber/domain.h"
#include "runtime/fiber/task_group.h"

namespace orrery {

/// Work beside the store's loop: so many fibers at a time, what does not fit waits in order. Handing work in never
/// suspends. How much may wait is bounded by whoever hands it in: a region is installed or destroyed once at a time.
class HelperQueue {
 public:
  /// Requires: fibers_max > 0. The domain outlives the queue.
  HelperQueue(Domain& domain, FiberName name, size_t fibers_max) : fibers_(domain, name, fibers_max) {}

  /// `work` runs in a fiber of its own, or behind earlier work in that one's.
  void Run(FiberName name, std::function<void()> work) {
    if (fibers_.full()) return waiting_.push_back(std::move(work));
    // False only if the domain is killed, with all that waits for it.
    (void)fibers_.TrySpawn(name, [this, work = std::move(work)]() mutable {
      work();
      while (!waiting_.empty()) {
        work = std::move(waiting_.front());
        waiting_.pop_front();
        work();
      }
    });
  }
  size_t waiting() const { return waiting_.size(); }
  /// Ends what runs, forgets what waits. Does not suspend.
  void KillAll() {
    waiting_.clear();
    fibers_.KillAll();
  }

 private:
  std::deque<std::function<void()>> waiting_;
  TaskGroup fibers_;
};

}  // namespace orrery
