#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/stack_pool.h"
#include "runtime/fiber/task_group.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// Ranks by a seed, as the simulator does.
class SeededPolicy final : public SchedulePolicy {
 public:
  explicit SeededPolicy(uint64_t seed) : seed_(seed) {}
  uint64_t Rank(uint64_t name_hash, uint64_t wake_count) override {
    return HashCombine(HashCombine(seed_, name_hash), wake_count);
  }

 private:
  uint64_t seed_;
};

/// A loop with a clock that jumps to the next timer when nothing is ready. For tests.
struct TestLoop {
  explicit TestLoop(SchedulePolicy* policy = nullptr) : scheduler(stacks, policy) { scheduler.FireTimers(now); }

  /// One turn; false if there was nothing to do.
  bool Turn() {
    if (!scheduler.HasReady()) {
      if (scheduler.NextTimer() == Instant::Max()) return false;
      now = std::max(now, scheduler.NextTimer());
    }
    scheduler.FireTimers(now);
    scheduler.RunReady();
    return true;
  }
  void Run() {
    while (Turn()) {
    }
  }
  /// Runs `body` as a fiber to its end and everything else until nothing happens any more.
  template <class F>
  void Run(F&& body) {
    Task task = domain.Spawn("test", std::forward<F>(body));
    Run();
    ended = !task.running();
  }

  StackPool stacks;
  Scheduler scheduler;
  Domain domain{scheduler, "test domain"};
  Instant now = Instant::FromNanos(1000);
  bool ended = false;  ///< Whether the last Run(body) came to its end.
};

}  // namespace orrery
