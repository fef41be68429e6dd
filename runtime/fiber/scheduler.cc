#include "runtime/fiber/scheduler.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <memory>

#include "runtime/fiber/completion.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/fiber_debug.h"
#include "runtime/fiber/fiber_switch.h"
#include "runtime/fiber/task.h"
#include "runtime/fiber/task_group.h"
#include "runtime/fiber/timer.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {
namespace {

/// jump_fcontext stores and loads MXCSR, and a load that changes the register costs 70 ns. The sticky
/// exception flags differ as soon as one stack has done an inexact operation; with all of them set from the
/// start, in this thread and so in every fiber it makes, they never differ.
void SetStickyFloatingPointFlags() {
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x3f);
#endif
}

/// Order of signed nanoseconds as order of unsigned keys.
uint64_t TimeKey(Instant at) {
  return static_cast<uint64_t>(at.nanos()) ^ (uint64_t{1} << 63);
}
Instant TimeOfKey(uint64_t key) {
  return Instant::FromNanos(static_cast<int64_t>(key ^ (uint64_t{1} << 63)));
}

char* AlignDown(char* at, size_t alignment) {
  return at - reinterpret_cast<uintptr_t>(at) % alignment;
}

/// One RunReady of this thread, and one FireTimers of a scheduler, at a time.
class FlagScope {
 public:
  FlagScope(bool& flag, const char* what) : flag_(flag) {
    ORRERY_ASSERT_THAT(!flag_, std::string(what) + " within itself");
    flag_ = true;
  }
  ~FlagScope() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace

/// What lies at the top of a fiber's stack, above its closure.
struct FiberFrame {
  FiberFrame(Scheduler& scheduler, Domain& domain, uint64_t name_hash, FiberName name, Stack stack)
      : fiber(scheduler, domain, name_hash, name, stack) {
    fiber.joiners_ = &joiners;
  }
  Fiber fiber;
  WaitQueue joiners{"join"};
};

Scheduler::Scheduler(StackPool& stacks, SchedulePolicy* policy) : stacks_(stacks), policy_(policy) {
  SetStickyFloatingPointFlags();
  fiber_debug::Register(this);
}

Scheduler::~Scheduler() {
  fiber_debug::Unregister(this);
  ORRERY_ASSERT(fiber_count_ == 0);
  ORRERY_ASSERT(timers_.empty());
}

// ---- Birth and death ----

Fiber* Scheduler::NewFiber(Domain& domain, uint64_t parent_hash, FiberName name, size_t body_size,
                           size_t body_alignment, void** body_place) {
  const Stack stack = stacks_.Take();
  char* frame_place = AlignDown(stack.top - sizeof(FiberFrame), 64);
  auto* frame = new (frame_place) FiberFrame(*this, domain, ChildNameHash(parent_hash, name), name, stack);
  char* body = AlignDown(frame_place - body_size, body_alignment < 16 ? 16 : body_alignment);
  *body_place = body;
  Fiber* fiber = &frame->fiber;
  FiberSwitch::Prepare(fiber, body);
  fibers_.PushBack(fiber);
  domain.fibers_.PushBack(fiber);
  ++fiber_count_;
  ++domain.fiber_count_;
  return fiber;
}

void Scheduler::StartFiber(Fiber* fiber, Fiber::Body* body) {
  fiber->body_ = body;
  MakeReady(fiber);
}

void Scheduler::Finish(Fiber* fiber) noexcept {
  ORRERY_ASSERT(!fiber->wait_hook_.linked());
  ORRERY_ASSERT(!fiber->timer_node_.queued());
  fiber->scheduler_hook_.Unlink();
  fiber->domain_hook_.Unlink();
  --fiber_count_;
  --fiber->domain_.fiber_count_;
  if (fiber->task_ != nullptr) fiber->task_->fiber_ = nullptr;
  if (fiber->group_ != nullptr) fiber->group_->OnFinished(fiber);
  fiber->joiners_->NotifyAll();
  const Stack stack = fiber->stack_;
  std::destroy_at(reinterpret_cast<FiberFrame*>(fiber));
  stacks_.GiveBack(stack);
}

// ---- Running ----

void Scheduler::MakeReady(Fiber* fiber) {
  fiber->state_ = Fiber::State::kReady;
  ++fiber->wake_count_;
  if (policy_ == nullptr) {
    ready_fifo_.PushBack(fiber);
  } else {
    ready_by_rank_.Push(&fiber->ready_node_, policy_->Rank(fiber->name_hash_, fiber->wake_count_), ++sequence_);
  }
}

void Scheduler::Wake(Fiber* fiber, Fiber::Wake reason) {
  if (fiber->state_ != Fiber::State::kWaiting) return;  // Late: somebody else woke it.
  fiber->wake_ = reason;
  DisarmTimer(&fiber->timer_node_);
  MakeReady(fiber);
}

Fiber* Scheduler::NextReady() {
  if (policy_ == nullptr) return ready_fifo_.PopFront();
  return ready_by_rank_.empty() ? nullptr : ready_by_rank_.Pop()->fiber;
}

void Scheduler::RemoveFromReady(Fiber* fiber) {
  fiber->ready_hook_.Unlink();
  if (fiber->ready_node_.queued()) ready_by_rank_.Remove(&fiber->ready_node_);
}

bool Scheduler::HasReady() const {
  return !ready_fifo_.empty() || !ready_by_rank_.empty() || !yielded_.empty();
}

size_t Scheduler::RunReady(size_t resumptions_max) {
  ORRERY_ASSERT(!firing_);
  const FlagScope running(FiberSwitch::LoopRuns(), "RunReady");
  // What yielded in the last round goes behind what has become ready since.
  while (Fiber* fiber = yielded_.PopFront()) MakeReady(fiber);
  size_t resumptions = 0;
  while (resumptions < resumptions_max) {
    Fiber* fiber = NextReady();
    if (fiber == nullptr) break;
    Resume(fiber);
    ++resumptions;
  }
  return resumptions;
}

void Scheduler::Resume(Fiber* fiber) {
  fiber->state_ = Fiber::State::kRunning;
  FiberSwitch::Into(fiber);
  if (fiber->state_ == Fiber::State::kFinished) Finish(fiber);
}

Fiber* Scheduler::BeginWait(const char* where) {
  Fiber* fiber = Fiber::Current();
  ORRERY_ASSERT_THAT(fiber != nullptr, std::string("only a fiber can wait; the main stack cannot: ") + where);
  fiber->AssertMaySuspend(where);
  if (fiber->cancel_requested_) fiber->ThrowCancelled();
  return fiber;
}

Fiber::Wake Scheduler::Suspend(Fiber* fiber, Deadline deadline, const char* where) {
  fiber->waiting_in_ = where;
  fiber->wake_ = Fiber::Wake::kNone;
  fiber->state_ = Fiber::State::kWaiting;
  if (!deadline.never()) fiber->scheduler_.ArmTimer(&fiber->timer_node_, deadline.at());
  FiberSwitch::Out(fiber);
  return fiber->wake_;
}

void Scheduler::Yield() {
  Fiber* fiber = BeginWait("yield");
  ORRERY_ASSERT(&fiber->scheduler_ == this);
  fiber->waiting_in_ = "yield";
  fiber->state_ = Fiber::State::kReady;
  yielded_.PushBack(fiber);
  FiberSwitch::Out(fiber);
  if (fiber->cancel_requested_) fiber->ThrowCancelled();
}

void Scheduler::SleepUntil(Instant at) {
  if (at <= now_) return Yield();
  Fiber* fiber = BeginWait("sleep");
  ORRERY_ASSERT(&fiber->scheduler_ == this);
  Suspend(fiber, Deadline::At(at), "sleep");
  if (fiber->cancel_requested_) fiber->ThrowCancelled();
}

void Scheduler::CallOnMainStackErased(FunctionRef<void()> function) {
  Fiber* fiber = Fiber::Current();
  if (fiber == nullptr) return function();
  fiber->main_call_ = &function;
  FiberSwitch::Out(fiber);
}

// ---- Timers ----

void Scheduler::ArmTimer(HeapNode* node, Instant at) {
  // A callback that arms for a time already due must not keep FireTimers from ending.
  const Instant earliest = firing_ ? now_ + Duration(1) : now_;
  timers_.Push(node, TimeKey(at < earliest ? earliest : at), ++sequence_);
}

void Scheduler::DisarmTimer(HeapNode* node) {
  if (node->queued()) timers_.Remove(node);
}

Instant Scheduler::NextTimer() const {
  return timers_.empty() ? Instant::Max() : TimeOfKey(timers_.TopKey());
}

void Scheduler::FireTimers(Instant now) {
  ORRERY_ASSERT(!FiberSwitch::LoopRuns());
  ORRERY_ASSERT(now >= now_ || !clock_known_);
  const FlagScope firing(firing_, "FireTimers");
  clock_known_ = true;
  now_ = now;
  while (!timers_.empty() && timers_.TopKey() <= TimeKey(now)) {
    HeapNode* node = timers_.Pop();
    if (node->timer != nullptr) {
      node->timer->callback_();
    } else {
      node->fiber->wait_hook_.Unlink();
      Wake(node->fiber, Fiber::Wake::kTimeout);
    }
  }
}

Timer::Timer(Scheduler& scheduler, std::function<void()> callback)
    : scheduler_(scheduler), callback_(std::move(callback)) {
  node_.timer = this;
}

Timer::~Timer() {
  Disarm();
}

void Timer::Arm(Instant at) {
  Disarm();
  if (at != Instant::Max()) scheduler_.ArmTimer(&node_, at);
}

void Timer::Disarm() {
  scheduler_.DisarmTimer(&node_);
}

// ---- Ending fibers ----

void Scheduler::RequestCancel(Fiber* fiber) {
  fiber->cancel_requested_ = true;
  const bool uncancellable = fiber->completion_ != nullptr;
  if (!uncancellable) Wake(fiber, Fiber::Wake::kCancelled);
}

void Scheduler::KillNow(Fiber* fiber) {
  CallOnMainStackErased([&] { KillOnMainStack(fiber); });
}

void Scheduler::KillOnMainStack(Fiber* fiber) {
  ORRERY_ASSERT_THAT(
      fiber->state_ != Fiber::State::kRunning,
      std::string("fiber \"") + fiber->role() + "\" would kill itself or one that waits for it to return");
  fiber->cancel_requested_ = true;
  fiber->killed_ = true;
  if (fiber->completion_ != nullptr && !fiber->completion_->completed()) fiber->completion_->withdraw_();
  DisarmTimer(&fiber->timer_node_);
  RemoveFromReady(fiber);
  if (!fiber->started_) {
    fiber->body_->~Body();
    return Finish(fiber);
  }
  if (fiber->state_ == Fiber::State::kWaiting) fiber->wake_ = Fiber::Wake::kCancelled;
  fiber->state_ = Fiber::State::kRunning;
  FiberSwitch::Into(fiber);
  ORRERY_ASSERT_THAT(fiber->state_ == Fiber::State::kFinished,
                     std::string("killed fiber \"") + fiber->role() + "\" did not end");
  Finish(fiber);
}

}  // namespace orrery
