#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// A queue of at most `capacity` values between fibers of one loop, many producers, many consumers. (Not
/// the Network's Channel.) The main stack may TryPush, TryPop and Close.
template <class T>
class BoundedChannel {
 public:
  /// Requires: capacity > 0.
  explicit BoundedChannel(size_t capacity) : capacity_(capacity) { ORRERY_ASSERT(capacity > 0); }
  BoundedChannel(const BoundedChannel&) = delete;
  BoundedChannel& operator=(const BoundedChannel&) = delete;

  /// Suspends while full. kClosed after Close (the value is dropped), kTimeout. Throws Cancelled.
  Status Push(T value, Deadline deadline = Deadline::Never()) {
    while (!closed_ && full()) {
      if (!not_full_.WaitUntil(deadline) && full()) return Status(StatusCode::kTimeout, "channel is full");
    }
    if (closed_) return Status(StatusCode::kClosed, "channel is closed");
    Insert(std::move(value));
    return Status::Ok();
  }
  /// False, with `value` untouched, if full or closed. Does not suspend.
  [[nodiscard]] bool TryPush(T&& value) {
    if (closed_ || full()) return false;
    Insert(std::move(value));
    return true;
  }

  /// Suspends while empty. kClosed once closed and drained, kTimeout. Throws Cancelled.
  Result<T> Pop(Deadline deadline = Deadline::Never()) {
    while (values_.empty()) {
      if (closed_) return Status(StatusCode::kClosed, "channel is closed");
      if (!not_empty_.WaitUntil(deadline) && values_.empty() && !closed_)
        return Status(StatusCode::kTimeout, "channel is empty");
    }
    return Remove();
  }
  /// Does not suspend.
  std::optional<T> TryPop() {
    if (values_.empty()) return std::nullopt;
    return Remove();
  }

  /// No more values go in; those inside may be taken out. Idempotent. Does not suspend.
  void Close() {
    closed_ = true;
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

  bool closed() const { return closed_; }
  bool empty() const { return values_.empty(); }
  bool full() const { return values_.size() >= capacity_; }
  size_t size() const { return values_.size(); }

 private:
  void Insert(T&& value) {
    values_.push_back(std::move(value));
    not_empty_.NotifyOne();
    if (!full()) not_full_.NotifyOne();
  }
  T Remove() {
    T value = std::move(values_.front());
    values_.pop_front();
    not_full_.NotifyOne();
    if (!values_.empty()) not_empty_.NotifyOne();
    return value;
  }

  size_t capacity_;
  bool closed_ = false;
  std::deque<T> values_;
  WaitQueue not_full_{"channel: push"};
  WaitQueue not_empty_{"channel: pop"};
};

}  // namespace orrery
