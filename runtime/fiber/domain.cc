#include "runtime/fiber/domain.h"

#include "runtime/base/random.h"
#include "runtime/fiber/task.h"
#include "runtime/fiber/task_group.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

// ---- Domain ----

Domain::Domain(Scheduler& scheduler, std::string_view name) : scheduler_(scheduler), name_hash_(Hash64(name)) {}

Domain::~Domain() {
  Kill();
}

uint64_t Domain::ParentHash() const {
  const Fiber* parent = Fiber::Current();
  return parent != nullptr && &parent->domain_ == this ? parent->name_hash_ : name_hash_;
}

void Domain::Kill() {
  ORRERY_ASSERT(Fiber::Current() == nullptr);
  killed_ = true;
  while (Fiber* newest = fibers_.back()) scheduler_.KillOnMainStack(newest);
  ORRERY_ASSERT(fiber_count_ == 0);
}

// ---- Task ----

Task::Task(Fiber* fiber) : fiber_(fiber) {
  fiber_->task_ = this;
}

Task::Task(Task&& other) noexcept : fiber_(other.fiber_) {
  other.fiber_ = nullptr;
  if (fiber_ != nullptr) fiber_->task_ = this;
}

Task& Task::operator=(Task&& other) noexcept {
  if (this == &other) return *this;
  Reset();
  fiber_ = other.fiber_;
  other.fiber_ = nullptr;
  if (fiber_ != nullptr) fiber_->task_ = this;
  return *this;
}

void Task::Reset() {
  if (fiber_ != nullptr) fiber_->scheduler_.KillNow(fiber_);
  ORRERY_ASSERT(fiber_ == nullptr);
}

void Task::Cancel() {
  if (fiber_ != nullptr) fiber_->scheduler_.RequestCancel(fiber_);
}

void Task::Join() {
  const bool ended = JoinUntil(Deadline::Never());
  ORRERY_ASSERT(ended);
}

bool Task::JoinUntil(Deadline deadline) {
  if (fiber_ == nullptr) return true;
  ORRERY_ASSERT(fiber_ != Fiber::Current());
  return fiber_->joiners_->WaitUntil(deadline);
}

// ---- TaskGroup ----

TaskGroup::TaskGroup(Domain& domain, FiberName name, size_t tasks_max)
    : domain_(domain), name_hash_(ChildNameHash(domain.name_hash(), name)), tasks_max_(tasks_max) {
  ORRERY_ASSERT(tasks_max > 0);
}

TaskGroup::~TaskGroup() {
  KillAll();
}

void TaskGroup::Adopt(Fiber* fiber) {
  fiber->group_ = this;
  fibers_.PushBack(fiber);
  ++count_;
}

void TaskGroup::OnFinished(Fiber* fiber) {
  fiber->group_hook_.Unlink();
  --count_;
  room_.NotifyOne();
  if (count_ == 0) empty_.NotifyAll();
}

void TaskGroup::WaitForRoom() {
  while (full()) room_.Wait();
}

void TaskGroup::CancelAll() {
  for (Fiber* fiber = fibers_.front(); fiber != nullptr; fiber = fibers_.Next(fiber)) {
    fiber->scheduler_.RequestCancel(fiber);
  }
}

void TaskGroup::KillAll() {
  while (Fiber* newest = fibers_.back()) newest->scheduler_.KillNow(newest);
}

void TaskGroup::JoinAll() {
  while (count_ > 0) empty_.Wait();
}

bool TaskGroup::JoinAllUntil(Deadline deadline) {
  while (count_ > 0) {
    if (!empty_.WaitUntil(deadline)) return count_ == 0;
  }
  return true;
}

}  // namespace orrery
