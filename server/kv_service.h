#pragma once

#include "raft/region/store.h"
#include "runtime/fiber/task_group.h"
#include "runtime/rpc/rpc_server.h"
#include "server/kv_api.h"

namespace orrery {

/// The data services of a store: sessions, writes and linearizable reads of the regions it leads. Writes and point
/// reads that memory answers need no fiber. Owned by the node; the store outlives it.
class KvService {
 public:
  struct Options {
    uint64_t session_expiry_entries;
    size_t slow_reads_max;
  };

  KvService(Runtime& runtime, Engine& engine, Store& store, const Options& options);

  void RegisterAt(RpcServer& server);

 private:
  void OpenSession(const RpcContext& context, const Bytes& request, Responder responder);
  void Write(const RpcContext& context, const Bytes& request, Responder responder);
  void Get(const RpcContext& context, const Bytes& request, Responder responder);
  RpcReply Scan(const RpcContext& context, ByteView request);

  /// The snapshot of a state that includes everything acknowledged before. Suspends.
  Result<std::unique_ptr<EngineSnapshot>> LinearizableSnapshot(RegionId region, Deadline deadline);
  void GetSlowly(Bytes key, std::unique_ptr<EngineSnapshot> snapshot, Responder responder);

  Runtime& runtime_;
  Engine& engine_;
  Store& store_;
  Options options_;
  TaskGroup slow_reads_;
};

/// The replica of `region` here, or why there is none.
Result<Peer*> FindReplica(Store& store, RegionId region);
/// An error as clients get it: with a hint about the leader where that helps.
RpcReply ErrorReply(Store& store, RegionId region, Status status);

}  // namespace orrery
