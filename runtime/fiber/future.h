#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// The value of a Future that only says "done".
struct Unit {
  friend bool operator==(Unit, Unit) { return true; }
};

template <class T>
class Promise;

/// Where an answer will be. Move-only; one fiber waits at a time.
template <class T>
class Future {
 public:
  Future() = default;
  Future(Future&&) noexcept = default;
  Future& operator=(Future&&) noexcept = default;

  bool valid() const { return state_ != nullptr; }
  /// True once Get() would not suspend.
  bool ready() const { return state_ != nullptr && state_->outcome.has_value(); }

  /// Waits for the answer and takes it; the future is invalid afterwards, except after kTimeout, when it
  /// can be asked again. kCancelled if the Promise was dropped unfulfilled. Suspends. Throws Cancelled.
  /// Requires: valid().
  Result<T> Get(Deadline deadline = Deadline::Never()) {
    ORRERY_ASSERT(valid());
    while (!state_->outcome.has_value()) {
      if (!state_->waiters.WaitUntil(deadline) && !state_->outcome.has_value())
        return Status(StatusCode::kTimeout, "no answer before the deadline");
    }
    const std::shared_ptr<State> state = std::move(state_);
    return std::move(*state->outcome);
  }

 private:
  friend class Promise<T>;
  struct State {
    std::optional<Result<T>> outcome;
    WaitQueue waiters{"future"};
  };
  explicit Future(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

/// Who will give the answer. Move-only. Dropping it unfulfilled answers kCancelled. Does not suspend; may
/// be fulfilled from a fiber or from the main stack. Stays valid when nobody waits any more.
template <class T>
class Promise {
 public:
  Promise() : state_(std::make_shared<typename Future<T>::State>()) {}
  ~Promise() { Abandon(); }
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&& other) noexcept {
    if (this != &other) {
      Abandon();
      state_ = std::move(other.state_);
    }
    return *this;
  }

  /// Requires: called once.
  Future<T> GetFuture() {
    ORRERY_ASSERT(state_ != nullptr);
    ORRERY_ASSERT(state_.use_count() == 1);
    return Future<T>(state_);
  }
  bool fulfilled() const { return state_ == nullptr || state_->outcome.has_value(); }
  /// Requires: !fulfilled().
  void Set(Result<T> outcome) {
    ORRERY_ASSERT(!fulfilled());
    state_->outcome.emplace(std::move(outcome));
    state_->waiters.NotifyAll();
  }

 private:
  void Abandon() {
    if (!fulfilled()) Set(Status(StatusCode::kCancelled, "promise dropped"));
    state_ = nullptr;
  }

  std::shared_ptr<typename Future<T>::State> state_;
};

}  // namespace orrery
