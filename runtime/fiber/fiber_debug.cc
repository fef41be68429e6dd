#include "runtime/fiber/fiber_debug.h"

#include <execinfo.h>
#include <fmt/format.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>

#include "runtime/fiber/fiber_switch.h"
#include "runtime/fiber/scheduler.h"

// A program built with -g1 has no type information, so that fibers_gdb.py reads these by symbol.
extern "C" {
orrery::Scheduler* orrery_fiber_schedulers = nullptr;
extern const uint64_t orrery_fiber_layout[];
}

namespace orrery {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"  // Conditionally supported; gcc and clang do.

/// Where the fields lie that a debugger wants.
struct FiberDebugLayout {
  static constexpr uint64_t kSchedulerNext = offsetof(Scheduler, next_registered_);
  static constexpr uint64_t kSchedulerFibers = offsetof(Scheduler, fibers_);
  static constexpr uint64_t kFiberHook = offsetof(Fiber, scheduler_hook_);
  static constexpr uint64_t kFiberContext = offsetof(Fiber, context_);
  static constexpr uint64_t kFiberRole = offsetof(Fiber, name_) + offsetof(FiberName, role);
  static constexpr uint64_t kFiberKey = offsetof(Fiber, name_) + offsetof(FiberName, key);
  static constexpr uint64_t kFiberState = offsetof(Fiber, state_);
  static constexpr uint64_t kFiberWaitingIn = offsetof(Fiber, waiting_in_);
  static constexpr uint64_t kFiberStarted = offsetof(Fiber, started_);

  static Scheduler** Next(Scheduler* scheduler) { return &scheduler->next_registered_; }
};
#pragma GCC diagnostic pop

namespace {

std::atomic_flag registry_busy = ATOMIC_FLAG_INIT;

class RegistryLock {
 public:
  RegistryLock() {
    while (registry_busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~RegistryLock() { registry_busy.clear(std::memory_order_release); }
};

const char* StateName(const Fiber& fiber) {
  switch (fiber.state()) {
    case Fiber::State::kReady: return "ready, last in";
    case Fiber::State::kRunning: return "running";
    case Fiber::State::kWaiting: return "waits in";
    case Fiber::State::kFinished: return "finished";
  }
  return "?";
}

void AppendBacktrace(std::string& out, Fiber* fiber) {
  constexpr size_t kFramesMax = 48;
  void* frames[kFramesMax];
  const size_t count = FiberSwitch::Backtrace(fiber, frames, kFramesMax);
  const std::unique_ptr<char*, decltype(&std::free)> symbols(backtrace_symbols(frames, static_cast<int>(count)),
                                                             &std::free);
  // The first two frames are the question itself.
  for (size_t i = 2; i < count && symbols != nullptr; ++i) {
    fmt::format_to(std::back_inserter(out), "    #{} {}\n", i - 2, symbols.get()[i]);
  }
}

}  // namespace

void fiber_debug::Register(Scheduler* scheduler) {
  const RegistryLock lock;
  *FiberDebugLayout::Next(scheduler) = orrery_fiber_schedulers;
  orrery_fiber_schedulers = scheduler;
}

void fiber_debug::Unregister(Scheduler* scheduler) {
  const RegistryLock lock;
  Scheduler** link = &orrery_fiber_schedulers;
  while (*link != scheduler) link = FiberDebugLayout::Next(*link);
  *link = *FiberDebugLayout::Next(scheduler);
}

std::string Scheduler::DumpFibers() {
  std::string out;
  for (Fiber* fiber = fibers_.front(); fiber != nullptr; fiber = fibers_.Next(fiber)) {
    fmt::format_to(std::back_inserter(out), "fiber {}/{} (name {:016x}): {} {}\n", fiber->role(), fiber->key(),
                   fiber->name_hash(), StateName(*fiber), fiber->waiting_in());
    const bool suspended = fiber->started_ && fiber->state() != Fiber::State::kRunning;
    if (suspended) AppendBacktrace(out, fiber);
  }
  return out;
}

}  // namespace orrery

extern "C" const uint64_t orrery_fiber_layout[] = {
    orrery::FiberDebugLayout::kSchedulerNext, orrery::FiberDebugLayout::kSchedulerFibers,
    orrery::FiberDebugLayout::kFiberHook,     orrery::FiberDebugLayout::kFiberContext,
    orrery::FiberDebugLayout::kFiberRole,     orrery::FiberDebugLayout::kFiberKey,
    orrery::FiberDebugLayout::kFiberState,    orrery::FiberDebugLayout::kFiberWaitingIn,
    orrery::FiberDebugLayout::kFiberStarted,
};
