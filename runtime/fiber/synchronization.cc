#include "runtime/fiber/completion.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/semaphore.h"

namespace orrery {

// ---- Mutex: unlocking wakes the longest waiter; until it runs, nobody overtakes it. ----

bool Mutex::TryLock() {
  if (locked_ || queue_.HasWaiters() || queue_.HasNotified()) return false;
  locked_ = true;
  return true;
}

void Mutex::Lock() {
  const bool locked = LockUntil(Deadline::Never());
  ORRERY_ASSERT(locked);
}

bool Mutex::LockUntil(Deadline deadline) {
  if (TryLock()) return true;
  if (!queue_.WaitUntil(deadline)) return false;
  ORRERY_ASSERT(!locked_);
  locked_ = true;
  return true;
}

void Mutex::Unlock() {
  ORRERY_ASSERT(locked_);
  locked_ = false;
  queue_.NotifyOne();
}

// ---- Semaphore ----

/// Leaves no trace when its fiber is cancelled or times out: permits that were granted but not seen go back,
/// and whoever stands behind is looked at again.
struct Semaphore::Waiter : WaiterHook {
  Waiter(Semaphore& its_semaphore, size_t its_permits) : semaphore(its_semaphore), permits(its_permits) {
    semaphore.waiting_.PushBack(this);
  }
  ~Waiter() {
    const bool semaphore_alive = hook.linked();
    hook.Unlink();
    if (!semaphore_alive || taken) return;
    if (granted) semaphore.available_ += permits;
    semaphore.Grant();
  }

  Semaphore& semaphore;
  size_t permits;
  bool granted = false;
  bool taken = false;
  WaitQueue queue{"semaphore"};
};

void Semaphore::Grant() {
  while (auto* waiter = static_cast<Waiter*>(waiting_.front())) {
    if (waiter->permits > available_) return;
    available_ -= waiter->permits;
    waiter->hook.Unlink();
    granted_.PushBack(waiter);
    waiter->granted = true;
    waiter->queue.NotifyOne();
  }
}

bool Semaphore::TryAcquire(size_t permits) {
  if (available_ < permits || !waiting_.empty()) return false;
  available_ -= permits;
  return true;
}

void Semaphore::Acquire(size_t permits) {
  const bool acquired = AcquireUntil(Deadline::Never(), permits);
  ORRERY_ASSERT(acquired);
}

bool Semaphore::AcquireUntil(Deadline deadline, size_t permits) {
  if (TryAcquire(permits)) return true;
  Waiter waiter(*this, permits);
  waiter.taken = waiter.queue.WaitUntil(deadline);
  return waiter.taken;
}

void Semaphore::Release(size_t permits) {
  available_ += permits;
  Grant();
}

// ---- Completion ----

void Completion::Wait() {
  Fiber* fiber = Fiber::Current();
  ORRERY_ASSERT(fiber != nullptr);
  ORRERY_ASSERT(waiter_ == nullptr);
  fiber->AssertMaySuspend("completion");
  if (completed_) return;
  waiter_ = fiber;
  fiber->completion_ = this;
  Scheduler::Suspend(fiber, Deadline::Never(), "completion");
  fiber->completion_ = nullptr;
  waiter_ = nullptr;
  if (fiber->killed_) fiber->ThrowCancelled();
}

void Completion::Complete() {
  ORRERY_ASSERT(!completed_);
  completed_ = true;
  if (waiter_ != nullptr) waiter_->scheduler_.Wake(waiter_, Fiber::Wake::kNotified);
}

}  // namespace orrery
