#include "runtime/fiber/fiber_switch.h"

#include <cxxabi.h>
#include <execinfo.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstring>

#include "runtime/base/assert.h"
#include "runtime/fiber/sanitizer.h"

namespace orrery {
namespace {

namespace context = boost::context::detail;

/// What a thread knows about its fibers. The only thread-local state of node code: the simulator runs
/// schedulers one after the other on one thread, and each sets `current` only while a fiber runs.
struct ThreadState {
  Fiber* current = nullptr;
  bool loop_runs = false;
  // The main stack, as AddressSanitizer calls it.
  const void* main_low = nullptr;
  size_t main_size = 0;
  void* main_tsan_context = nullptr;
};
thread_local ThreadState thread_state;

/// The exception state that the C++ runtime keeps per thread (Itanium C++ ABI, section 2.2.2). It belongs to
/// the stack: a fiber that leaves inside a catch block takes it along.
struct ExceptionState {
  void* caught = nullptr;
  unsigned uncaught = 0;

  static constexpr size_t kSizeBytes = sizeof(void*) + sizeof(unsigned);

  static ExceptionState LoadFrom(const void* globals) {
    ExceptionState state;
    std::memcpy(static_cast<void*>(&state), globals, kSizeBytes);
    return state;
  }
  void StoreTo(void* globals) const { std::memcpy(globals, this, kSizeBytes); }
};

/// A question to a suspended fiber: where does it stand?
struct BacktraceRequest {
  void** frames;
  size_t frames_max;
  size_t count;
};

/// Runs on top of the fiber's stack and goes back at once.
context::transfer_t DumpOnTop(context::transfer_t from) {
  auto* request = static_cast<BacktraceRequest*>(from.data);
  request->count = static_cast<size_t>(backtrace(request->frames, static_cast<int>(request->frames_max)));
  return context::jump_fcontext(from.fctx, nullptr);
}

}  // namespace

Fiber* Fiber::Current() {
  return thread_state.current;
}

bool& FiberSwitch::LoopRuns() {
  return thread_state.loop_runs;
}

void FiberSwitch::Prepare(Fiber* fiber, char* top) {
  fiber->context_ =
      context::make_fcontext(top, static_cast<size_t>(top - fiber->stack_.low), [](context::transfer_t from) {
        auto* self = static_cast<Fiber*>(from.data);
        sanitizer::FinishSwitch(nullptr, &thread_state.main_low, &thread_state.main_size);
        self->main_context_ = from.fctx;
        self->Main();
        OutForever(self);
      });
}

void FiberSwitch::Jump(Fiber* fiber) {
  void* main_fake_stack = nullptr;
  sanitizer::StartSwitch(&main_fake_stack, fiber->stack_.low,
                         static_cast<size_t>(fiber->stack_.top - fiber->stack_.low));
  thread_state.main_tsan_context = sanitizer::CurrentFiberContext();
  sanitizer::SwitchFiberContext(fiber->stack_.tsan_fiber);
  const context::transfer_t back = context::jump_fcontext(fiber->context_, fiber);
  sanitizer::FinishSwitch(main_fake_stack, nullptr, nullptr);
  fiber->context_ = back.fctx;
}

void FiberSwitch::Into(Fiber* fiber) {
  ORRERY_ASSERT(thread_state.current == nullptr);
  void* const globals = abi::__cxa_get_globals();
  const ExceptionState main_exceptions = ExceptionState::LoadFrom(globals);
  for (;;) {
    ExceptionState{fiber->caught_exceptions_, fiber->uncaught_exceptions_}.StoreTo(globals);
    thread_state.current = fiber;
    Jump(fiber);
    thread_state.current = nullptr;
    const ExceptionState fiber_exceptions = ExceptionState::LoadFrom(globals);
    fiber->caught_exceptions_ = fiber_exceptions.caught;
    fiber->uncaught_exceptions_ = fiber_exceptions.uncaught;
    main_exceptions.StoreTo(globals);
    const FunctionRef<void()>* call = fiber->main_call_;
    if (call == nullptr) return;
    (*call)();
    fiber->main_call_ = nullptr;
  }
}

void FiberSwitch::Out(Fiber* fiber) {
  sanitizer::StartSwitch(&fiber->asan_fake_stack_, thread_state.main_low, thread_state.main_size);
  sanitizer::SwitchFiberContext(thread_state.main_tsan_context);
  const context::transfer_t back = context::jump_fcontext(fiber->main_context_, nullptr);
  sanitizer::FinishSwitch(fiber->asan_fake_stack_, &thread_state.main_low, &thread_state.main_size);
  fiber->main_context_ = back.fctx;
}

void FiberSwitch::OutForever(Fiber* fiber) {
  sanitizer::StartSwitch(nullptr, thread_state.main_low, thread_state.main_size);
  sanitizer::SwitchFiberContext(thread_state.main_tsan_context);
  context::jump_fcontext(fiber->main_context_, nullptr);
  ORRERY_UNREACHABLE("a finished fiber was resumed");
}

size_t FiberSwitch::Backtrace(Fiber* fiber, void** frames, size_t frames_max) {
  if (sanitizer::kAddress || sanitizer::kThread) return 0;  // They would see a jump they were not told of.
  BacktraceRequest request{frames, frames_max, 0};
  const context::transfer_t back = context::ontop_fcontext(fiber->context_, &request, DumpOnTop);
  fiber->context_ = back.fctx;
  return request.count;
}

}  // namespace orrery
