#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "runtime/base/function_ref.h"
#include "runtime/base/time.h"
#include "runtime/fiber/cancelled.h"
#include "runtime/fiber/fiber.h"
#include "runtime/fiber/indexed_heap.h"
#include "runtime/fiber/intrusive_list.h"

namespace orrery {

/// Chooses the next fiber. The simulator's is a function of its seed.
class SchedulePolicy {
 public:
  virtual ~SchedulePolicy() = default;

  /// Called when a fiber becomes ready. The lowest rank runs next; equal ranks run in the order of waking.
  virtual uint64_t Rank(uint64_t fiber_name_hash, uint64_t wake_count) = 0;
};

/// The fibers of one event loop of one boot of a node: run queue and timers. Belongs to one thread, which
/// may have several (the simulator has one per booted node, all on one StackPool) but runs one at a time.
///
/// The loop of a world, on its main stack:
///
///   scheduler.FireTimers(clock.Now());
///   scheduler.RunReady();
///   // HasReady(): come back soon (something yielded). Else sleep until I/O or NextTimer().
///
/// Boost.Context's fcontext does the switching; see docs of Boost.Context for the contract of jump_fcontext.
class Scheduler {
 public:
  /// A null `policy` is first-in first-out. Both outlive the scheduler.
  explicit Scheduler(StackPool& stacks, SchedulePolicy* policy = nullptr);
  /// Requires: no fiber and no armed timer is left.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // ---- The loop's side: called on the main stack. ----

  /// Runs ready fibers until none is left or `resumptions_max` were made; returns how many were made.
  /// Fibers that yield wait for the next RunReady, so this ends. Not reentrant, nor nested in another
  /// scheduler's.
  size_t RunReady(size_t resumptions_max = SIZE_MAX);
  /// Wakes every sleeper whose time is at or before `now`, in order of time, then of arming, and runs the
  /// callbacks of Timers. Call it once before the first fiber starts, so that now() is right.
  /// Requires: `now` never runs backwards; not within RunReady.
  void FireTimers(Instant now);
  /// When the earliest timer is due; Instant::Max() if there is none.
  Instant NextTimer() const;
  bool HasReady() const;
  size_t fiber_count() const { return fiber_count_; }

  /// Every fiber: name, state, what it waits in, and the backtrace of its stack (addresses; symbols where
  /// the program exports them). For reports of deadlocks; does not run any fiber's code.
  std::string DumpFibers();

  // ---- The fibers' side. ----

  /// Lets the other ready fibers and the loop (input, timers) go first. Suspends. Throws Cancelled.
  void Yield();
  /// Suspends, at least like Yield. Throws Cancelled.
  void SleepUntil(Instant at);
  /// The same by span, from the time timers were last fired.
  void SleepFor(Duration span) { SleepUntil(now_ + span); }

  /// The time given to the last FireTimers: the node's Clock::Now() of this turn.
  Instant now() const { return now_; }

  /// Runs `function` on the loop's main stack, at once, and returns its value; no other fiber runs
  /// meanwhile. The function must not suspend. What it throws is thrown to the caller. On a main stack or
  /// on a thread without fibers it is a plain call. For code that needs a large stack: RocksDB.
  template <class F>
  static auto CallOnMainStack(F&& function) -> std::invoke_result_t<F&>;

 private:
  friend class Completion;
  friend class Domain;
  friend class Fiber;
  friend class Task;
  friend class TaskGroup;
  friend class Timer;
  friend class WaitQueue;
  friend struct FiberDebugLayout;
  friend struct FiberSwitch;

  /// Out of line in either case, so that the function's frame is never part of a fiber's.
  static void CallOnMainStackErased(FunctionRef<void()> function);

  /// Takes a stack and makes a fiber at its top, with room for its body below.
  Fiber* NewFiber(Domain& domain, uint64_t parent_hash, FiberName name, size_t body_size, size_t body_alignment,
                  void** body_place);
  void StartFiber(Fiber* fiber, Fiber::Body* body);
  template <class F>
  Fiber* SpawnFiber(Domain& domain, uint64_t parent_hash, FiberName name, F&& body) noexcept;

  void MakeReady(Fiber* fiber);
  void Wake(Fiber* fiber, Fiber::Wake reason);
  Fiber* NextReady();
  void RemoveFromReady(Fiber* fiber);
  /// Runs `fiber` until it suspends or ends. On the main stack.
  void Resume(Fiber* fiber);
  void Finish(Fiber* fiber) noexcept;
  /// Leaves the current fiber; returns when it is resumed.
  static Fiber::Wake Suspend(Fiber* fiber, Deadline deadline, const char* where);
  /// The current fiber, if it may suspend here (else the process ends). Throws Cancelled if that is due.
  static Fiber* BeginWait(const char* where);
  /// Asks a fiber to end at its next cancellable suspension point; wakes it if it stands in one.
  void RequestCancel(Fiber* fiber);
  /// Unwinds a fiber to its end, now. Works from the main stack and from another fiber; does not suspend.
  void KillNow(Fiber* fiber);
  void KillOnMainStack(Fiber* fiber);
  void ArmTimer(HeapNode* node, Instant at);
  void DisarmTimer(HeapNode* node);

  StackPool& stacks_;
  SchedulePolicy* policy_;
  IntrusiveList<Fiber, &Fiber::ready_hook_> ready_fifo_;
  IntrusiveList<Fiber, &Fiber::ready_hook_> yielded_;
  IndexedHeap ready_by_rank_;
  IndexedHeap timers_;
  IntrusiveList<Fiber, &Fiber::scheduler_hook_> fibers_;
  uint64_t sequence_ = 0;  ///< Orders equal ranks and equal times.
  size_t fiber_count_ = 0;
  Instant now_;
  bool clock_known_ = false;              ///< FireTimers has been called.
  bool firing_ = false;                   ///< In FireTimers.
  Scheduler* next_registered_ = nullptr;  ///< For debuggers only; see fiber_debug.cc.
};

template <class F>
class Fiber::BodyOf final : public Fiber::Body {
 public:
  explicit BodyOf(F&& function) : function_(std::move(function)) {}
  void Run() override { function_(); }

 private:
  F function_;
};

template <class F>
Fiber* Scheduler::SpawnFiber(Domain& domain, uint64_t parent_hash, FiberName name, F&& body) noexcept {
  using Function = std::decay_t<F>;
  using BodyType = Fiber::BodyOf<Function>;
  static_assert(sizeof(BodyType) <= 8192, "A closure lives on its fiber's stack: capture less.");
  Function function(std::forward<F>(body));
  void* place = nullptr;
  Fiber* fiber = NewFiber(domain, parent_hash, name, sizeof(BodyType), alignof(BodyType), &place);
  StartFiber(fiber, new (place) BodyType(std::move(function)));
  return fiber;
}

template <class F>
auto Scheduler::CallOnMainStack(F&& function) -> std::invoke_result_t<F&> {
  using Value = std::invoke_result_t<F&>;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<Value>) {
    CallOnMainStackErased([&] {
      try {
        function();
      } catch (...) {
        failure = std::current_exception();
      }
    });
    if (failure) std::rethrow_exception(failure);
  } else {
    static_assert(!std::is_reference_v<Value>, "Return a value or a pointer.");
    std::optional<Value> value;
    CallOnMainStackErased([&] {
      try {
        value.emplace(function());
      } catch (...) {
        failure = std::current_exception();
      }
    });
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
}

}  // namespace orrery
