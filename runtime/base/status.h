#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/base/assert.h"

namespace orrery {

/// Why an operation did not do what was asked. A code exists because some caller reacts to it
/// differently; everything else goes into the message. Numbers travel on the wire: never renumber.
enum class StatusCode : uint8_t {
  kOk = 0,

  // Retry here later. The operation had no effect.
  kBusy = 1,         ///< A bounded queue is full; back off.
  kUnavailable = 2,  ///< No quorum, no leader yet, not initialised, connection lost before sending.
  kTimeout = 3,      ///< The deadline passed and the operation certainly had no effect.

  // Retry elsewhere. The operation had no effect.
  kNotLeader = 10,    ///< This peer does not lead; the answer may carry a hint.
  kNotMember = 11,    ///< This store or incarnation is not a member of the group.
  kWrongTarget = 12,  ///< Wrong cluster, store or incarnation: the address book is stale.

  // Do not retry. The operation had no effect.
  kInvalidArgument = 20,  ///< The caller's input is wrong; the message names what.
  kNotFound = 21,         ///< The named thing does not exist.
  kAlreadyExists = 22,    ///< The named thing exists already.
  kConflict = 23,         ///< A precondition did not hold (compare-and-swap, epoch).
  kTooLarge = 24,         ///< Key, value, batch or frame over its limit.
  kVersionMismatch = 25,  ///< The other side or the file speaks another version.
  kCancelled = 26,        ///< The caller or the shutdown withdrew the operation.
  kClosed = 27,           ///< The stream, channel or store is closed.
  kStaleTerm = 28,        ///< Raft: the message is from an older term.
  kCompacted = 29,        ///< Raft: the log entry is gone; only a snapshot has it.

  // The store cannot go on. The process stops and is reopened (see docs/decisions).
  kCorruption = 40,  ///< Bytes do not match their checksum or their invariant.
  kIoError = 41,     ///< The disk or the network stack failed.
  kNoSpace = 42,     ///< The disk is full.

  // Nobody knows. The operation may have had its effect, may have it later, or never.
  kUnknownOutcome = 60,
};

/// Upper-case name of a code, as printed in logs and JSON ("NOT_LEADER").
std::string_view StatusCodeName(StatusCode code);
/// True for codes after which the same request may be sent again (same place or elsewhere).
bool IsRetryable(StatusCode code);

/// Success, or a code with a message for people. A pointer in size; free when ok.
class [[nodiscard]] Status {
 public:
  Status() = default;
  /// Requires: code != kOk.
  Status(StatusCode code, std::string message);

  static Status Ok() { return Status(); }

  bool ok() const { return state_ == nullptr; }
  StatusCode code() const { return state_ == nullptr ? StatusCode::kOk : state_->code; }
  std::string_view message() const { return state_ == nullptr ? std::string_view() : state_->message; }

  /// The same code with "context: " in front of the message. Ok stays ok.
  Status Wrap(std::string_view context) const;
  /// "NOT_LEADER: message" or "OK".
  std::string ToString() const;
  /// Says that an error is deliberately dropped; the reason stands at the call site.
  void IgnoreError() const {}

  friend bool operator==(const Status& a, const Status& b) {
    return a.code() == b.code() && a.message() == b.message();
  }

 private:
  struct State {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const State> state_;
};

/// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  /// Requires: !status.ok().
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {
    ORRERY_ASSERT(!std::get<1>(state_).ok());
  }

  bool ok() const { return state_.index() == 0; }
  Status status() const { return ok() ? Status::Ok() : std::get<1>(state_); }
  StatusCode code() const { return ok() ? StatusCode::kOk : std::get<1>(state_).code(); }

  /// Requires: ok().
  T& value() & {
    AssertOk();
    return std::get<0>(state_);
  }
  const T& value() const& {
    AssertOk();
    return std::get<0>(state_);
  }
  T&& value() && {
    AssertOk();
    return std::get<0>(std::move(state_));
  }
  T value_or(T fallback) && { return ok() ? std::get<0>(std::move(state_)) : std::move(fallback); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  void AssertOk() const {
    if (!ok()) [[unlikely]]
      AssertionFailed("Result::ok()", std::get<1>(state_).ToString(), __FILE__, __LINE__);
  }

  std::variant<T, Status> state_;
};

}  // namespace orrery

#define ORRERY_CONCAT_INNER_(a, b) a##b
#define ORRERY_CONCAT_(a, b) ORRERY_CONCAT_INNER_(a, b)

/// Returns from the enclosing function if `expression` (a Status) is an error.
#define ORRERY_RETURN_IF_ERROR(expression)                                                           \
  do {                                                                                               \
    if (::orrery::Status orrery_status_ = (expression); !orrery_status_.ok()) return orrery_status_; \
  } while (false)

/// Declares or assigns `target` from a Result, or returns its error.
#define ORRERY_ASSIGN_OR_RETURN(target, expression) \
  ORRERY_ASSIGN_OR_RETURN_IMPL_(ORRERY_CONCAT_(orrery_result_, __LINE__), target, expression)
#define ORRERY_ASSIGN_OR_RETURN_IMPL_(result, target, expression) \
  auto result = (expression);                                     \
  if (!result.ok()) return result.status();                       \
  target = std::move(result).value()
