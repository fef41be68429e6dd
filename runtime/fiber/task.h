#pragma once

#include "runtime/base/time.h"

namespace orrery {

class Fiber;

/// Owns one fiber. There are no detached fibers: somebody's member owns each. A Task may be empty.
class Task {
 public:
  Task() = default;
  /// Kills the fiber if it still runs: it sees Cancelled where it waits and is unwound to its end before
  /// this returns. Does not suspend, so it is safe in destructors and while unwinding.
  /// Requires: not called by the fiber itself.
  ~Task() { Reset(); }
  Task(Task&& other) noexcept;
  Task& operator=(Task&& other) noexcept;

  /// True while the fiber has not ended.
  bool running() const { return fiber_ != nullptr; }
  /// Waits for the end of the fiber, however it ends. Suspends. Throws Cancelled (of the caller).
  void Join();
  /// False if `deadline` passed first. Suspends.
  [[nodiscard]] bool JoinUntil(Deadline deadline);
  /// Asks the fiber to end: the point where it waits, or its next one, throws Cancelled. A fiber in Offload
  /// first gets its answer. Returns at once; does not suspend.
  void Cancel();
  /// What the destructor does, now.
  void Reset();

 private:
  friend class Domain;
  friend class Scheduler;
  explicit Task(Fiber* fiber);

  Fiber* fiber_ = nullptr;
};

}  // namespace orrery
