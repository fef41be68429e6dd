#pragma once

#include <functional>
#include <vector>

#include "client/admin_client.h"
#include "client/kv_client.h"
#include "runtime/fiber/task_group.h"
#include "runtime/node.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_transport.h"

namespace orrery::faults {

/// A client process of a simulated cluster: a node that runs what the harness gives it, in fibers of its own.
class ClientHost final : public Node {
 public:
  /// `attempt_timeout`: how long a store is given to answer before the next is asked.
  ClientHost(Runtime& runtime, std::vector<StoreId> stores, Duration attempt_timeout);

  /// Runs `body` in a fiber. Call it inside a turn of this node (World::RunInNode) or from one of its fibers.
  void Spawn(FiberName name, std::function<void(ClientHost&)> body);

  Runtime& runtime() { return runtime_; }
  KvClient& kv() { return kv_; }
  AdminClient& admin() { return admin_; }
  RpcClient& rpc() { return rpc_; }

  void RequestStop() override;

 private:
  Runtime& runtime_;
  RpcTransport transport_;
  RpcClient rpc_;
  KvClient kv_;
  AdminClient admin_;
  TaskGroup tasks_;
};

}  // namespace orrery::faults
