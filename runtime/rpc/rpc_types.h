#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "runtime/base/bytes.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "runtime/network.h"

namespace orrery {

/// Which operation of the other side is meant. Services number their own in an enum of uint16_t, which
/// converts; numbers below 16 belong to runtime/rpc. Numbers travel on the wire: never renumber.
class RpcMethod {
 public:
  constexpr RpcMethod() = default;
  constexpr explicit RpcMethod(uint16_t number) : number_(number) {}
  template <class Enum>
  requires(std::is_enum_v<Enum>&& std::is_same_v<std::underlying_type_t<Enum>, uint16_t>)
      // NOLINTNEXTLINE(google-explicit-constructor): KvMethod::kGet is a method.
      constexpr RpcMethod(Enum method)
      : number_(static_cast<uint16_t>(method)) {}

  constexpr uint16_t number() const { return number_; }
  constexpr auto operator<=>(const RpcMethod&) const = default;

 private:
  uint16_t number_ = 0;
};

/// Methods every RpcServer answers.
enum class RpcOwnMethod : uint16_t {
  kEcho = 1,  ///< Answers its request. For health checks and tests.
};

/// What came back: on success the answer, on an error what the service says about it (a leader hint, say).
struct RpcReply {
  Status status;
  Bytes payload;
  /// Set by RpcClient: the other side said this, so the request was sent, and a copy of it may still be on its way.
  bool answered = false;

  RpcReply() = default;
  // NOLINTBEGIN(google-explicit-constructor): a handler returns what it has.
  RpcReply(Bytes answer) : payload(std::move(answer)) {}
  RpcReply(Status error) : status(std::move(error)) {}
  RpcReply(Result<Bytes> result) : status(result.status()) {
    if (result.ok()) payload = std::move(result).value();
  }
  // NOLINTEND(google-explicit-constructor)
  RpcReply(Status error, Bytes detail) : status(std::move(error)), payload(std::move(detail)) {}

  bool ok() const { return status.ok(); }
  /// Forgets the detail of an error.
  Result<Bytes> ToResult() && { return ok() ? Result<Bytes>(std::move(payload)) : Result<Bytes>(std::move(status)); }
};

/// Who asks, and until when an answer is of use. The deadline is in this node's clock: the time the caller
/// had left when it sent, counted from the arrival.
struct RpcContext {
  Endpoint from;
  RpcMethod method;
  Deadline deadline;
};

}  // namespace orrery
