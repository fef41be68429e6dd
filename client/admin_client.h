#pragma once

#include <vector>

#include "client/kv_client.h"

namespace orrery {

/// Operations on the cluster itself. All functions suspend.
class AdminClient {
 public:
  /// `kv` finds the leader; both references outlive this object.
  AdminClient(Runtime& runtime, RpcClient& rpc, KvClient& kv);

  /// What one store says of itself. kUnavailable or kTimeout if it does not answer.
  Result<IdentifyResponse> Identify(StoreId store, Deadline deadline);
  Result<StatusResponse> GetStatus(StoreId store, Deadline deadline);
  Result<ChecksumResponse> Checksum(StoreId store, Deadline deadline);

  /// Makes a cluster of new stores, once (docs/decisions/0003). Asks every store for its incarnation until
  /// it answers, then tells each the same member list. Repeating it is harmless. kConflict names the store
  /// that belongs to another cluster or was initialised with another list.
  Status Initialise(ClusterId cluster, const std::vector<Member>& stores, Deadline deadline);

  Result<MembersResponse> Members(Deadline deadline);
  /// Adds and removes stores in one change. Incarnations are asked from the added stores. Returns when the
  /// change is in force. It takes effect once at most, however often it is sent: which peer goes is what the first look
  /// at the members says, and none comes back by it. kConflict: somebody else changed the members meanwhile; look, and
  /// ask again if it is still wanted. kUnknownOutcome when the deadline passes first: ask Members.
  Status ChangeMembers(std::vector<Member> add, std::vector<StoreId> remove, Deadline deadline);
  Status TransferLeader(StoreId to, Deadline deadline);

 private:
  /// Asks until the store answers or the deadline has passed.
  Result<IdentifyResponse> IdentifyUntil(StoreId store, Deadline deadline);
  Result<Bytes> Ask(StoreId store, KvMethod method, const Bytes& request, Deadline deadline);

  Runtime& runtime_;
  RpcClient& rpc_;
  KvClient& kv_;
};

}  // namespace orrery
