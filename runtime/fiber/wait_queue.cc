#include "runtime/fiber/wait_queue.h"

#include "runtime/fiber/scheduler.h"

namespace orrery {

void WaitQueue::Wait() {
  const bool notified = WaitUntil(Deadline::Never());
  ORRERY_ASSERT(notified);
}

bool WaitQueue::WaitUntil(Deadline deadline) {
  Fiber* fiber = Scheduler::BeginWait(name_);
  if (deadline.PassedAt(fiber->scheduler_.now())) return false;
  waiting_.PushBack(fiber);
  const Fiber::Wake wake = Scheduler::Suspend(fiber, deadline, name_);
  // This queue may be gone. It is alive if the fiber still stands in one of its lists.
  const bool alive = fiber->wait_hook_.linked();
  fiber->wait_hook_.Unlink();
  if (fiber->cancel_requested_) {
    if (alive && wake == Fiber::Wake::kNotified) NotifyOne();
    fiber->ThrowCancelled();
  }
  return wake == Fiber::Wake::kNotified;
}

bool WaitQueue::NotifyOne() {
  Fiber* fiber = waiting_.PopFront();
  if (fiber == nullptr) return false;
  ORRERY_ASSERT(fiber->state_ == Fiber::State::kWaiting);
  notified_.PushBack(fiber);
  fiber->scheduler_.Wake(fiber, Fiber::Wake::kNotified);
  return true;
}

void WaitQueue::NotifyAll() {
  while (NotifyOne()) {
  }
}

}  // namespace orrery
