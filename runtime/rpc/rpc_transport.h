#pragma once

#include <cstdint>

#include "runtime/base/probe.h"
#include "runtime/base/random.h"
#include "runtime/network.h"
#include "runtime/rpc/rpc_frame.h"

namespace orrery {

class Domain;
class RpcClient;
class RpcServer;
class Scheduler;
struct Runtime;

/// What RPC needs of a Runtime.
struct RpcEnvironment {
  Scheduler& scheduler;
  Domain& domain;
  Network& network;
  Probes& probes;
  Random random;

  /// Splits the runtime's randomness by "rpc".
  static RpcEnvironment Of(Runtime& runtime);
};

/// Frames that could not be used. Never reset.
struct RpcTransportCounts {
  uint64_t malformed_frames = 0;
  uint64_t unwanted_requests = 0;   ///< No server here.
  uint64_t unwanted_responses = 0;  ///< No client here.
};

/// This node's end of Channel::kRpc: hands requests to the RpcServer and responses to the RpcClient, of which it
/// has at most one each. Owned by the node beside them; outlives both. One per node.
class RpcTransport final : public Receiver {
 public:
  /// Listens from now on.
  explicit RpcTransport(const RpcEnvironment& environment);
  /// Stops listening. Requires: client and server are gone.
  ~RpcTransport() override;
  RpcTransport(const RpcTransport&) = delete;
  RpcTransport& operator=(const RpcTransport&) = delete;

  const RpcTransportCounts& counts() const { return counts_; }
  RpcEnvironment& environment() { return environment_; }

  void OnMessage(Endpoint from, Bytes message) override;
  void OnDisconnect(Endpoint peer) override;
  void OnConnectFailed(Endpoint peer) override;

 private:
  friend class RpcClient;
  friend class RpcServer;

  void OnMalformed();

  RpcEnvironment environment_;
  RpcClient* client_ = nullptr;
  RpcServer* server_ = nullptr;
  RpcTransportCounts counts_;
};

}  // namespace orrery
