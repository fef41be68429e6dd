#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/bytes.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "runtime/rpc/rpc_types.h"

namespace orrery {

/// Bytes of runtime/rpc on Channel::kRpc. Little-endian; one encoding per value, so that a decoded frame
/// encodes to the bytes it came from. Decoders take any bytes: kCorruption if they are no frame,
/// kVersionMismatch if they are one of another version; they never crash. The Network guards against damage.
///
///   request:   version u8 | kind u8 = 1 | nonce u64 | sequence u64 | method u16 | budget u64 | payload
///   response:  version u8 | kind u8 = 2 | nonce u64 | sequence u64 | code u8 | message size u16 | message | payload

/// Grows when a frame changes its meaning.
constexpr uint8_t kRpcVersion = 1;

enum class RpcFrameKind : uint8_t { kRequest = 1, kResponse = 2 };

/// Names one call for as long as anybody may remember it. The nonce is random per RpcTransport, so that an answer
/// to a previous boot of the caller is never taken for an answer to this one.
struct RpcCallId {
  uint64_t nonce = 0;
  uint64_t sequence = 0;
  auto operator<=>(const RpcCallId&) const = default;
};

/// `payload` is a view: into what was decoded, or into what the caller holds.
struct RpcRequestFrame {
  RpcCallId id;
  RpcMethod method;
  /// How long the caller will still wait; nullopt: for ever. Positive.
  std::optional<Duration> budget;
  ByteView payload;
};

struct RpcResponseFrame {
  RpcCallId id;
  /// A number, because the other side may know more codes than we do.
  uint8_t code = 0;
  ByteView message;  ///< Empty if code is 0.
  ByteView payload;
};

constexpr size_t kRpcRequestHeaderBytes = 1 + 1 + 8 + 8 + 2 + 8;
constexpr size_t kRpcMessageBytesMax = 4096;
/// Payloads up to this size fit into a frame that the Network takes.
constexpr size_t kRpcPayloadBytesMax = kMessageBytesMax - 8192;

/// Requires: the payload is within kRpcPayloadBytesMax, a budget is positive.
Bytes EncodeRpcRequest(const RpcRequestFrame& frame);
/// Cuts the message at kRpcMessageBytesMax. Requires: the payload is within kRpcPayloadBytesMax.
Bytes EncodeRpcResponse(const RpcResponseFrame& frame);

/// Looks at the first two bytes only.
Result<RpcFrameKind> PeekRpcFrameKind(ByteView message);
Result<RpcRequestFrame> DecodeRpcRequest(ByteView message);
Result<RpcResponseFrame> DecodeRpcResponse(ByteView message);

/// The status of a response. A code that this version does not know is kUnknownOutcome and says so.
Status StatusOf(const RpcResponseFrame& frame);

}  // namespace orrery
