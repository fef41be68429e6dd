#pragma once

#include <cstddef>

#include "runtime/fiber/fiber.h"

namespace orrery {

/// The jumps between a loop's main stack and its fibers, with everything that must travel along: the
/// exception state, the sanitizers' idea of the stack, the current fiber. Private to runtime/fiber.
struct FiberSwitch {
  /// Prepares `fiber` to start at Fiber::Main, its frames growing down from `top`.
  static void Prepare(Fiber* fiber, char* top);
  /// Runs `fiber` until it leaves; also serves its calls to the main stack. On the main stack.
  static void Into(Fiber* fiber);
  /// Leaves `fiber`, the current one, for the main stack.
  static void Out(Fiber* fiber);
  /// The same for good.
  [[noreturn]] static void OutForever(Fiber* fiber);
  /// Whether this thread is inside some scheduler's RunReady.
  static bool& LoopRuns();
  /// The return addresses of a suspended fiber's frames, innermost first; how many.
  static size_t Backtrace(Fiber* fiber, void** frames, size_t frames_max);

 private:
  static void Jump(Fiber* fiber);
};

}  // namespace orrery
