#pragma once

#include <functional>

#include "runtime/fiber/fiber.h"

namespace orrery {

/// A one-shot event that a fiber awaits while somebody else (a helper thread, the simulated disk) holds
/// references into the fiber's frame: the primitive from which the worlds build Offload and completion-
/// based I/O. It lives in the waiting fiber's frame.
///
///   Completion done([&] { lane.Withdraw(id); });   // crash: drop, or run, or wait for the job
///   lane.Post(id, job, done);                      // later, on the loop: done.Complete()
///   done.Wait();
class Completion {
 public:
  /// `withdraw` is called on the main stack if the fiber is killed while it waits (Domain::Kill, ~Task). When
  /// it returns, nobody may touch the frame any more nor call Complete(): the simulator drops the job (crash)
  /// or runs it to its end, the real world blocks until it has run. Then the fiber is unwound.
  explicit Completion(std::function<void()> withdraw) : withdraw_(std::move(withdraw)) {}
  /// Requires: completed or withdrawn, or never waited for and unknown to others.
  ~Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  /// Suspends until Complete(); returns at once if it came first. Task::Cancel does not interrupt it (the next
  /// suspension point throws instead). Throws Cancelled only when the fiber is killed.
  /// Requires: on a fiber; called once.
  void Wait();
  /// On the loop's thread, once. Does not suspend.
  void Complete();
  bool completed() const { return completed_; }

 private:
  friend class Scheduler;

  std::function<void()> withdraw_;
  Fiber* waiter_ = nullptr;
  bool completed_ = false;
};

}  // namespace orrery
