#include "runtime/rpc/rpc_frame.h"

#include <algorithm>
#include <limits>

namespace orrery {
namespace {

void PutHeader(Encoder& encoder, RpcFrameKind kind, const RpcCallId& id) {
  encoder.Fixed8(kRpcVersion).Fixed8(static_cast<uint8_t>(kind)).Fixed64(id.nonce).Fixed64(id.sequence);
}

void PutFixed16(Encoder& encoder, uint16_t value) {
  encoder.Fixed8(static_cast<uint8_t>(value & 0xff)).Fixed8(static_cast<uint8_t>(value >> 8));
}

uint16_t TakeFixed16(Decoder& decoder) {
  const uint8_t low = decoder.Fixed8();
  const uint8_t high = decoder.Fixed8();
  return static_cast<uint16_t>(low | (high << 8));
}

RpcCallId TakeCallId(Decoder& decoder) {
  RpcCallId id;
  id.nonce = decoder.Fixed64();
  id.sequence = decoder.Fixed64();
  return id;
}

Status CheckKind(ByteView message, RpcFrameKind wanted) {
  ORRERY_ASSIGN_OR_RETURN(const RpcFrameKind kind, PeekRpcFrameKind(message));
  if (kind == wanted) return Status::Ok();
  return Status(StatusCode::kCorruption, "rpc frame of kind " + std::to_string(static_cast<int>(kind)) + ", expected " +
                                             std::to_string(static_cast<int>(wanted)));
}

bool IsKnownCode(uint8_t code) {
  static const std::string_view unknown = StatusCodeName(static_cast<StatusCode>(255));
  return StatusCodeName(static_cast<StatusCode>(code)) != unknown;
}

}  // namespace

Bytes EncodeRpcRequest(const RpcRequestFrame& frame) {
  ORRERY_ASSERT(frame.payload.size() <= kRpcPayloadBytesMax);
  ORRERY_ASSERT(!frame.budget.has_value() || frame.budget->count() > 0);
  Bytes out;
  out.reserve(kRpcRequestHeaderBytes + frame.payload.size());
  Encoder encoder(out);
  PutHeader(encoder, RpcFrameKind::kRequest, frame.id);
  PutFixed16(encoder, frame.method.number());
  encoder.Fixed64(frame.budget.has_value() ? static_cast<uint64_t>(frame.budget->count()) : 0);
  encoder.Raw(frame.payload);
  return out;
}

Bytes EncodeRpcResponse(const RpcResponseFrame& frame) {
  ORRERY_ASSERT(frame.payload.size() <= kRpcPayloadBytesMax);
  ORRERY_ASSERT(frame.code != 0 || frame.message.empty());
  const ByteView message = frame.message.substr(0, kRpcMessageBytesMax);
  Bytes out;
  out.reserve(kRpcRequestHeaderBytes + message.size() + frame.payload.size());
  Encoder encoder(out);
  PutHeader(encoder, RpcFrameKind::kResponse, frame.id);
  encoder.Fixed8(frame.code);
  PutFixed16(encoder, static_cast<uint16_t>(message.size()));
  encoder.Raw(message).Raw(frame.payload);
  return out;
}

Result<RpcFrameKind> PeekRpcFrameKind(ByteView message) {
  Decoder decoder(message);
  const uint8_t version = decoder.Fixed8();
  const uint8_t kind = decoder.Fixed8();
  if (!decoder.ok()) return Status(StatusCode::kCorruption, "rpc frame: shorter than its version and kind");
  if (version != kRpcVersion)
    return Status(StatusCode::kVersionMismatch, "rpc frame of version " + std::to_string(version));
  if (kind != static_cast<uint8_t>(RpcFrameKind::kRequest) && kind != static_cast<uint8_t>(RpcFrameKind::kResponse))
    return Status(StatusCode::kCorruption, "rpc frame of unknown kind " + std::to_string(kind));
  return static_cast<RpcFrameKind>(kind);
}

Result<RpcRequestFrame> DecodeRpcRequest(ByteView message) {
  ORRERY_RETURN_IF_ERROR(CheckKind(message, RpcFrameKind::kRequest));
  Decoder decoder(message.substr(2));
  RpcRequestFrame frame;
  frame.id = TakeCallId(decoder);
  frame.method = RpcMethod(TakeFixed16(decoder));
  const uint64_t budget = decoder.Fixed64();
  frame.payload = decoder.Rest();
  ORRERY_RETURN_IF_ERROR(decoder.Finish("rpc request"));
  if (budget > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return Status(StatusCode::kCorruption, "rpc request: negative time budget");
  if (budget > 0) frame.budget = Duration(static_cast<int64_t>(budget));
  return frame;
}

Result<RpcResponseFrame> DecodeRpcResponse(ByteView message) {
  ORRERY_RETURN_IF_ERROR(CheckKind(message, RpcFrameKind::kResponse));
  Decoder decoder(message.substr(2));
  RpcResponseFrame frame;
  frame.id = TakeCallId(decoder);
  frame.code = decoder.Fixed8();
  const uint16_t message_size = TakeFixed16(decoder);
  frame.message = decoder.Raw(message_size);
  frame.payload = decoder.Rest();
  ORRERY_RETURN_IF_ERROR(decoder.Finish("rpc response"));
  if (message_size > kRpcMessageBytesMax) return Status(StatusCode::kCorruption, "rpc response: message too long");
  if (frame.code == 0 && message_size > 0)
    return Status(StatusCode::kCorruption, "rpc response: success with an error message");
  return frame;
}

Status StatusOf(const RpcResponseFrame& frame) {
  if (frame.code == 0) return Status::Ok();
  if (IsKnownCode(frame.code)) return Status(static_cast<StatusCode>(frame.code), std::string(frame.message));
  return Status(StatusCode::kUnknownOutcome,
                "status code " + std::to_string(frame.code) + " of a newer version: " + std::string(frame.message));
}

}  // namespace orrery
