#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/function_ref.h"
#include "runtime/fiber/indexed_heap.h"
#include "runtime/fiber/intrusive_list.h"
#include "runtime/fiber/stack_pool.h"

namespace orrery {

class Completion;
class Domain;
class Scheduler;
class Task;
class TaskGroup;
class WaitQueue;

/// What a fiber is called within its parent. `role` is a string literal; `key` tells siblings of one role
/// apart by something stable (a region id, a request number), never by a global counter or an address.
/// The name of a fiber is a hash of its parent's name, role and key.
struct FiberName {
  FiberName(const char* fiber_role, uint64_t fiber_key = 0) : role(fiber_role), key(fiber_key) {}
  const char* role;
  uint64_t key;
};

/// The name hash of a child.
uint64_t ChildNameHash(uint64_t parent_hash, const FiberName& name);

/// A closure that runs on its own stack and may suspend. Made by Domain::Spawn or TaskGroup; owned by a Task
/// or a TaskGroup. Lives, with its closure, at the top of its own stack.
/// Users see it only through the static functions below and in reports.
class Fiber {
 public:
  enum class State : uint8_t { kReady, kRunning, kWaiting, kFinished };

  /// The fiber that runs on this thread; nullptr on the loop's main stack, also inside CallOnMainStack.
  static Fiber* Current();

  const char* role() const { return name_.role; }
  uint64_t key() const { return name_.key; }
  uint64_t name_hash() const { return name_hash_; }
  /// How often it was made ready.
  uint64_t wake_count() const { return wake_count_; }
  State state() const { return state_; }
  /// What it waits in ("mutex", "sleep", ...), for reports; meaningful while kWaiting.
  const char* waiting_in() const { return waiting_in_; }

  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

 private:
  friend class Completion;
  friend class Domain;
  friend class NoSuspendScope;
  friend class Scheduler;
  friend class Task;
  friend class TaskGroup;
  friend class WaitQueue;
  friend struct FiberDebugLayout;
  friend struct FiberFrame;
  friend struct FiberSwitch;

  /// The closure, placed on the fiber's stack.
  class Body {
   public:
    virtual ~Body() = default;
    virtual void Run() = 0;
  };
  template <class F>
  class BodyOf;

  enum class Wake : uint8_t { kNone, kNotified, kTimeout, kCancelled };

  Fiber(Scheduler& scheduler, Domain& domain, uint64_t name_hash, FiberName name, Stack stack);
  ~Fiber() = default;

  /// The first frames of every fiber: runs the body and takes the Cancelled.
  void Main();
  [[noreturn]] void ThrowCancelled();
  /// Ends the process with a message if this fiber must not suspend now.
  void AssertMaySuspend(const char* where) const;

  Scheduler& scheduler_;
  Domain& domain_;
  Body* body_ = nullptr;
  void* context_ = nullptr;  ///< fcontext_t while not running; nullptr before the first run.
  uint64_t name_hash_;
  uint64_t wake_count_ = 0;
  FiberName name_;
  const char* waiting_in_ = "start";
  const char* no_suspend_reason_ = nullptr;
  Stack stack_;

  State state_ = State::kReady;
  Wake wake_ = Wake::kNone;
  bool cancel_requested_ = false;  ///< The next cancellable suspension point throws.
  bool cancel_thrown_ = false;     ///< It has thrown; no further suspension is legal.
  bool started_ = false;           ///< Its body has begun.
  bool killed_ = false;            ///< By its Task or Domain: even an uncancellable wait throws.

  ListHook ready_hook_;               ///< In the ready or the yielded list (FIFO).
  HeapNode ready_node_;               ///< In the ready heap (policy).
  HeapNode timer_node_;               ///< While a wait has a deadline.
  ListHook wait_hook_;                ///< In the waiting or the notified list of a WaitQueue.
  ListHook domain_hook_;              ///< In its domain, oldest first.
  ListHook group_hook_;               ///< In its TaskGroup.
  ListHook scheduler_hook_;           ///< In its scheduler, oldest first.
  WaitQueue* wait_queue_ = nullptr;   ///< Meaningful while wait_hook_ is linked.
  Completion* completion_ = nullptr;  ///< While it waits uncancellably.
  Task* task_ = nullptr;
  TaskGroup* group_ = nullptr;
  WaitQueue* joiners_ = nullptr;  ///< Beside this fiber, at the top of its stack.

  // Exception state of this fiber while it does not run (two words of __cxa_eh_globals).
  void* caught_exceptions_ = nullptr;
  unsigned uncaught_exceptions_ = 0;
  /// What the main stack shall run before it resumes this fiber.
  const FunctionRef<void()>* main_call_ = nullptr;
  void* main_context_ = nullptr;  ///< Where to go when leaving.
  void* asan_fake_stack_ = nullptr;
};

/// Within its lifetime the current fiber must not suspend: doing so ends the process and prints `reason`.
/// For stretches where an invariant is open. Costs two stores. Harmless on the main stack. Nests.
class NoSuspendScope {
 public:
  /// `reason` is a string literal.
  explicit NoSuspendScope(const char* reason);
  ~NoSuspendScope();
  NoSuspendScope(const NoSuspendScope&) = delete;
  NoSuspendScope& operator=(const NoSuspendScope&) = delete;

 private:
  Fiber* fiber_;
  const char* outer_reason_ = nullptr;
};

}  // namespace orrery
