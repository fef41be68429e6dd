#include "client/admin_client.h"

#include <algorithm>

#include "client/backoff.h"
#include "runtime/address_book.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

constexpr Duration kRetryEvery = milliseconds(100);
/// Longer than an election takes, for simulations.
constexpr Duration kLateFounder = seconds(3);

bool SameLife(const Member& a, const Member& b) {
  return a.store == b.store && a.incarnation == b.incarnation;
}

bool IsAmong(const std::vector<Member>& members, const Member& one) {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) { return SameLife(member, one); });
}

bool HasArrived(const std::vector<Member>& members, const Member& added) {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return SameLife(member, added) && member.role == MemberRole::kVoter;
  });
}

/// By its id: the store may be a member again, as another peer.
bool HasGone(const std::vector<Member>& members, const Member& leaving) {
  return std::none_of(members.begin(), members.end(),
                      [&](const Member& member) { return member.peer == leaving.peer; });
}

}  // namespace

AdminClient::AdminClient(Runtime& runtime, RpcClient& rpc, KvClient& kv) : runtime_(runtime), rpc_(rpc), kv_(kv) {}

Result<Bytes> AdminClient::Ask(StoreId store, KvMethod method, const Bytes& request, Deadline deadline) {
  RpcReply reply = rpc_.CallForReply(Endpoint{NodeIdOf(store)}, method, request, deadline);
  if (!reply.status.ok()) {
    const std::optional<std::string> address = runtime_.addresses.Find(NodeIdOf(store));
    return reply.status.Wrap(KvMethodName(static_cast<uint16_t>(method)) + " of store " + ToString(store) +
                             (address ? " at " + *address : ""));
  }
  return std::move(reply.payload);
}

Result<IdentifyResponse> AdminClient::Identify(StoreId store, Deadline deadline) {
  ORRERY_ASSIGN_OR_RETURN(const Bytes payload, Ask(store, KvMethod::kIdentify, Bytes(), deadline));
  return Decode<IdentifyResponse>(payload);
}

Result<StatusResponse> AdminClient::GetStatus(StoreId store, Deadline deadline) {
  ORRERY_ASSIGN_OR_RETURN(const Bytes payload, Ask(store, KvMethod::kStatus, Bytes(), deadline));
  return Decode<StatusResponse>(payload);
}

Result<ChecksumResponse> AdminClient::Checksum(StoreId store, Deadline deadline) {
  const Bytes request = Encode(ChecksumRequest{.region = kFirstRegion});
  ORRERY_ASSIGN_OR_RETURN(const Bytes payload, Ask(store, KvMethod::kChecksum, request, deadline));
  return Decode<ChecksumResponse>(payload);
}

Result<IdentifyResponse> AdminClient::IdentifyUntil(StoreId store, Deadline deadline) {
  while (true) {
    const Instant now = runtime_.clock.Now();
    Result<IdentifyResponse> identity = Identify(store, deadline.Earlier(Deadline::After(now, seconds(1))));
    if (identity.ok() || deadline.PassedAt(runtime_.clock.Now())) return identity;
    runtime_.scheduler.SleepUntil(deadline.Earlier(Deadline::After(runtime_.clock.Now(), kRetryEvery)).at());
  }
}

Status AdminClient::Initialise(ClusterId cluster, const std::vector<Member>& stores, Deadline deadline) {
  InitialiseRequest request{.cluster = cluster, .members = stores};
  uint64_t next_peer = 1;
  for (Member& member : request.members) {
    ORRERY_ASSIGN_OR_RETURN(const IdentifyResponse identity, IdentifyUntil(member.store, deadline));
    if (identity.cluster.valid() && identity.cluster != cluster) {
      return Status(StatusCode::kConflict, "store " + ToString(member.store) + " belongs to cluster " +
                                               ToString(identity.cluster) + ", not to " + ToString(cluster));
    }
    member.incarnation = identity.incarnation;
    member.peer = PeerId(next_peer++);
    member.role = MemberRole::kVoter;
  }
  const Bytes encoded = Encode(request);
  for (const Member& member : request.members) {
    // Legal: the founders that know are a quorum and begin without the others.
    if (runtime_.probes.Buggify("client.admin.initialise_late", 0.2)) runtime_.scheduler.SleepFor(kLateFounder);
    ORRERY_RETURN_IF_ERROR(Ask(member.store, KvMethod::kInitialise, encoded, deadline).status());
  }
  return Status::Ok();
}

Result<MembersResponse> AdminClient::Members(Deadline deadline) {
  ORRERY_ASSIGN_OR_RETURN(const Bytes payload, kv_.Read(KvMethod::kMembers, Bytes(), deadline));
  ORRERY_ASSIGN_OR_RETURN(MembersResponse response, Decode<MembersResponse>(payload));
  kv_.router().Learn(response.members);
  return response;
}

Status AdminClient::ChangeMembers(std::vector<Member> add, std::vector<StoreId> remove, Deadline deadline) {
  for (Member& member : add) {
    if (!member.address.empty()) runtime_.addresses.Set(NodeIdOf(member.store), member.address);
    ORRERY_ASSIGN_OR_RETURN(const IdentifyResponse identity, IdentifyUntil(member.store, deadline));
    member.incarnation = identity.incarnation;
  }
  ORRERY_ASSIGN_OR_RETURN(MembersResponse now, Members(deadline));
  std::vector<Member> leaving;
  for (const Member& member : now.members) {
    if (std::find(remove.begin(), remove.end(), member.store) == remove.end()) continue;
    if (!IsAmong(add, member)) leaving.push_back(member);
  }
  while (true) {
    ChangeMembersRequest request{.region = kFirstRegion, .add = add, .remove = {}, .as_of = now.applied};
    for (const Member& member : leaving) request.remove.push_back(member.store);
    const Status status = kv_.Change(KvMethod::kChangeMembers, Encode(request), deadline);
    if (status.code() != StatusCode::kConflict) return status;
    // By somebody else, or by us: an earlier leader may have begun.
    Result<MembersResponse> look = Members(deadline);
    if (!look.ok()) return Status(StatusCode::kUnknownOutcome, look.status().ToString());
    now = *std::move(look);
    std::erase_if(leaving, [&](const Member& member) { return HasGone(now.members, member); });
    bool arrived = !now.joint;
    for (const Member& member : add) {
      if (!IsAmong(now.members, member)) return status;  // It may have come and gone.
      arrived &= HasArrived(now.members, member);
    }
    if (arrived && leaving.empty()) return Status::Ok();
  }
}

Status AdminClient::TransferLeader(StoreId to, Deadline deadline) {
  const Bytes request = Encode(TransferLeaderRequest{.region = kFirstRegion, .to_store = to});
  return kv_.Change(KvMethod::kTransferLeader, request, deadline);
}

}  // namespace orrery
