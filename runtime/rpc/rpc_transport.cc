#include "runtime/rpc/rpc_transport.h"

#include <utility>

#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_server.h"
#include "runtime/runtime.h"

namespace orrery {

RpcEnvironment RpcEnvironment::Of(Runtime& runtime) {
  return RpcEnvironment{runtime.scheduler, runtime.domain, runtime.network, runtime.probes,
                        runtime.random.Split("rpc")};
}

RpcTransport::RpcTransport(const RpcEnvironment& environment) : environment_(environment) {
  environment_.network.Listen(Channel::kRpc, this);
}

RpcTransport::~RpcTransport() {
  ORRERY_ASSERT(client_ == nullptr);
  ORRERY_ASSERT(server_ == nullptr);
  environment_.network.Listen(Channel::kRpc, nullptr);
}

void RpcTransport::OnMalformed() {
  ++counts_.malformed_frames;
  ORRERY_PROBE(environment_.probes, "rpc.transport.malformed_frame");
}

void RpcTransport::OnMessage(Endpoint from, Bytes message) {
  const Result<RpcFrameKind> kind = PeekRpcFrameKind(message);
  if (!kind.ok()) return OnMalformed();
  if (*kind == RpcFrameKind::kRequest) {
    const Result<RpcRequestFrame> request = DecodeRpcRequest(message);
    if (!request.ok()) return OnMalformed();
    if (server_ != nullptr) return server_->OnRequest(from, *request, std::move(message));
    ++counts_.unwanted_requests;
    constexpr auto kCode = static_cast<uint8_t>(StatusCode::kUnavailable);
    environment_.network.Send(from, Channel::kRpc,
                              EncodeRpcResponse({request->id, kCode, "this node serves no requests", {}}));
  } else {
    const Result<RpcResponseFrame> response = DecodeRpcResponse(message);
    if (!response.ok()) return OnMalformed();
    if (client_ != nullptr) return client_->OnResponse(from, *response, std::move(message));
    ++counts_.unwanted_responses;
  }
}

void RpcTransport::OnDisconnect(Endpoint peer) {
  if (client_ == nullptr) return;
  client_->FailAll(peer, Status(StatusCode::kUnknownOutcome, "the connection ended before an answer"));
}

void RpcTransport::OnConnectFailed(Endpoint peer) {
  if (client_ == nullptr) return;
  client_->FailAll(peer, Status(StatusCode::kUnavailable, "cannot connect; nothing was sent"));
}

}  // namespace orrery
