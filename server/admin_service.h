#pragma once

#include "runtime/rpc/rpc_server.h"
#include "server/kv_api.h"
#include "server/store_config.h"

namespace orrery {

class Store;

/// The administration of a store: who it is, founding a cluster, membership, leadership, checks. A fiber per request.
/// Owned by the node; the store outlives it.
class AdminService {
 public:
  AdminService(const StoreConfig& config, Store& store) : config_(config), store_(store) {}

  void RegisterAt(RpcServer& server);

 private:
  RpcReply Identify(const RpcContext& context, ByteView request);
  RpcReply Initialise(const RpcContext& context, ByteView request);
  RpcReply Members(const RpcContext& context, ByteView request);
  RpcReply ChangeMembers(const RpcContext& context, ByteView request);
  RpcReply TransferLeader(const RpcContext& context, ByteView request);
  RpcReply Checksum(const RpcContext& context, ByteView request);
  RpcReply Describe(const RpcContext& context, ByteView request);
  RpcReply CompactLog(const RpcContext& context, ByteView request);

  const StoreConfig& config_;
  Store& store_;
};

}  // namespace orrery
