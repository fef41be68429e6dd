#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "runtime/fiber/fiber.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task.h"

namespace orrery {

/// All fibers of one boot of a node, killable together. Made by the world.
class Domain {
 public:
  /// `name` is stable over runs ("node 3, boot 2"); fibers derive their names from it.
  Domain(Scheduler& scheduler, std::string_view name);
  /// Kills what is left.
  ~Domain();
  Domain(const Domain&) = delete;
  Domain& operator=(const Domain&) = delete;

  /// Starts `body` as a fiber; it runs when the loop gets to it, not inside this call. Its parent is the
  /// current fiber if that belongs to this domain, else the domain. Keep the Task: dropping it kills the
  /// fiber. Exceptions other than Cancelled must not leave `body`: they end the process with the stack
  /// intact. Once the domain is killed `body` is dropped unrun and the Task is empty. Does not suspend.
  template <class F>
  [[nodiscard]] Task Spawn(FiberName name, F&& body) {
    if (killed_) return Task();
    return Task(scheduler_.SpawnFiber(*this, ParentHash(), name, std::forward<F>(body)));
  }

  /// Unwinds every fiber of this domain to its end, newest first: each sees Cancelled at the point where it
  /// waits. Fibers that were never started are dropped unrun. Call it from the loop, never while one
  /// of them runs or is in CallOnMainStack, after fencing the node (network detached, disk frozen): what destructors do
  /// must have no outside effect.
  void Kill();
  bool killed() const { return killed_; }

  size_t fiber_count() const { return fiber_count_; }
  uint64_t name_hash() const { return name_hash_; }
  Scheduler& scheduler() { return scheduler_; }

 private:
  friend class Scheduler;
  friend class TaskGroup;

  uint64_t ParentHash() const;

  Scheduler& scheduler_;
  uint64_t name_hash_;
  bool killed_ = false;
  size_t fiber_count_ = 0;
  IntrusiveList<Fiber, &Fiber::domain_hook_> fibers_;
};

}  // namespace orrery
