#include "runtime/fiber/fiber.h"

#include <exception>
#include <string>

#include "runtime/base/random.h"
#include "runtime/fiber/cancelled.h"

namespace orrery {

uint64_t ChildNameHash(uint64_t parent_hash, const FiberName& name) {
  return HashCombine(Hash64(name.role, parent_hash), name.key);
}

Cancelled::~Cancelled() {
  ORRERY_ASSERT_THAT(
      delivered_, std::string("fiber \"") + role_ + "\" swallowed its cancellation: a catch (...) must end in throw;");
}

Fiber::Fiber(Scheduler& scheduler, Domain& domain, uint64_t name_hash, FiberName name, Stack stack)
    : scheduler_(scheduler), domain_(domain), name_hash_(name_hash), name_(name), stack_(stack) {
  ready_node_.fiber = this;
  timer_node_.fiber = this;
}

void Fiber::Main() {
  started_ = true;
  try {
    body_->Run();
  } catch (Cancelled& cancelled) {
    cancelled.delivered_ = true;
  }
  no_suspend_reason_ = "the destruction of the fiber's closure";
  body_->~Body();
  body_ = nullptr;
  state_ = State::kFinished;
}

void Fiber::ThrowCancelled() {
  cancel_thrown_ = true;
  throw Cancelled(role());
}

void Fiber::AssertMaySuspend(const char* where) const {
  const auto who = [&] { return std::string("fiber \"") + role() + "\" suspends (" + where + ") "; };
  ORRERY_ASSERT_THAT(no_suspend_reason_ == nullptr, who() + "where it must not: " + no_suspend_reason_);
  ORRERY_ASSERT_THAT(!cancel_thrown_, who() + "after it was cancelled: in a destructor, or Cancelled was swallowed");
  ORRERY_ASSERT_THAT(std::uncaught_exceptions() == 0, who() + "in a destructor while an exception is in flight");
}

NoSuspendScope::NoSuspendScope(const char* reason) : fiber_(Fiber::Current()) {
  if (fiber_ == nullptr) return;
  outer_reason_ = fiber_->no_suspend_reason_;
  fiber_->no_suspend_reason_ = reason;
}

NoSuspendScope::~NoSuspendScope() {
  if (fiber_ != nullptr) fiber_->no_suspend_reason_ = outer_reason_;
}

}  // namespace orrery
