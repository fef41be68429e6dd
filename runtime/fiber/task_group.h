#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "runtime/fiber/domain.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// Owns many short tasks, one per request say, at most `tasks_max` at a time. A finished task leaves by
/// itself and costs nothing more.
class TaskGroup {
 public:
  /// The group's name stands between its fibers and the domain: f(domain, group, fiber).
  /// Requires: tasks_max > 0. The domain outlives the group.
  TaskGroup(Domain& domain, FiberName name, size_t tasks_max);
  /// Kills what is left, newest first, like ~Task. Does not suspend.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `body` as a fiber; false, with `body` untouched, if the group is full or its domain is killed.
  /// Does not suspend.
  template <class F>
  [[nodiscard]] bool TrySpawn(FiberName name, F&& body) {
    if (full() || domain_.killed()) return false;
    Adopt(domain_.scheduler_.SpawnFiber(domain_, name_hash_, name, std::forward<F>(body)));
    return true;
  }
  /// Suspends while the group is full. Throws Cancelled.
  template <class F>
  void Spawn(FiberName name, F&& body) {
    WaitForRoom();
    if (domain_.killed()) return;
    Adopt(domain_.scheduler_.SpawnFiber(domain_, name_hash_, name, std::forward<F>(body)));
  }

  size_t count() const { return count_; }
  size_t tasks_max() const { return tasks_max_; }
  bool full() const { return count_ >= tasks_max_; }

  /// Asks every task to end, like Task::Cancel.
  void CancelAll();
  /// Kills every task now, newest first. Does not suspend. Requires: the caller is none of them.
  void KillAll();
  /// Waits until no task is left. Suspends. Throws Cancelled.
  void JoinAll();
  /// False if `deadline` passed first.
  [[nodiscard]] bool JoinAllUntil(Deadline deadline);

 private:
  friend class Scheduler;

  void Adopt(Fiber* fiber);
  void OnFinished(Fiber* fiber);
  void WaitForRoom();

  Domain& domain_;
  uint64_t name_hash_;
  size_t tasks_max_;
  size_t count_ = 0;
  IntrusiveList<Fiber, &Fiber::group_hook_> fibers_;
  WaitQueue room_{"task group: room"};
  WaitQueue empty_{"task group: join"};
};

}  // namespace orrery
