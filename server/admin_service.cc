#include "server/admin_service.h"

#include "raft/region/change_members.h"
#include "raft/region/store.h"
#include "runtime/fiber/future.h"
#include "server/kv_service.h"

namespace orrery {
namespace {

constexpr char kVersion[] = "0.1.0";

MemberRole RoleOf(raft::MemberRole role) {
  switch (role) {
    case raft::MemberRole::kVoter: return MemberRole::kVoter;
    case raft::MemberRole::kLearner: return MemberRole::kLearner;
    case raft::MemberRole::kIncomingVoter: return MemberRole::kIncoming;
    case raft::MemberRole::kOutgoingVoter:
    case raft::MemberRole::kDemotingVoter: return MemberRole::kOutgoing;
  }
  return MemberRole::kNone;
}

PeerRole RoleOf(const Peer& peer) {
  switch (peer.raft().role()) {
    case raft::Role::kLeader: return PeerRole::kLeader;
    case raft::Role::kCandidate: return PeerRole::kCandidate;
    case raft::Role::kPreCandidate: return PeerRole::kPreCandidate;
    case raft::Role::kFollower: return peer.conf().IsLearner(peer.id()) ? PeerRole::kLearner : PeerRole::kFollower;
  }
  return PeerRole::kNone;
}

std::vector<Member> MembersOf(const raft::ConfState& conf) {
  std::vector<Member> members;
  for (const raft::Member& member : conf.members) {
    const PeerAddress address = DecodePeerAddress(member.context.view()).value_or(PeerAddress());
    members.push_back(Member{.store = address.life.store,
                             .incarnation = address.life.incarnation,
                             .peer = member.peer,
                             .role = RoleOf(member.role),
                             .address = address.address});
  }
  return members;
}

PeerAddress AddressOf(const Member& member) {
  return PeerAddress{.life = {member.store, member.incarnation}, .address = member.address};
}

raft::ConfState FoundingConf(const InitialiseRequest& request) {
  raft::ConfState conf;
  for (const Member& member : request.members) {
    conf.members.push_back(raft::Member{.peer = member.peer,
                                        .role = raft::MemberRole::kVoter,
                                        .context = raft::Payload(EncodePeerAddress(AddressOf(member)))});
  }
  std::sort(conf.members.begin(), conf.members.end(),
            [](const raft::Member& a, const raft::Member& b) { return a.peer < b.peer; });
  return conf;
}

/// Ok once the replica has applied everything that was acknowledged before this call. Suspends.
Status AwaitReadBarrier(Peer& peer, Deadline deadline) {
  Promise<Unit> promise;
  Future<Unit> future = promise.GetFuture();
  peer.ReadBarrier(deadline, [promise = std::move(promise)](Status status) mutable {
    promise.Set(status.ok() ? Result<Unit>(Unit()) : Result<Unit>(std::move(status)));
  });
  return future.Get(deadline).status();
}

Status Malformed(const Status& why) {
  return Status(StatusCode::kInvalidArgument, std::string(why.message()));
}

Status CheckFounders(const InitialiseRequest& request) {
  if (request.members.empty()) return Status(StatusCode::kInvalidArgument, "members is empty");
  std::set<StoreId> seen;
  for (const Member& member : request.members) {
    const std::string name = "members: store " + ToString(member.store);
    if (!member.store.valid() || !member.incarnation.valid() || !member.peer.valid()) {
      return Status(StatusCode::kInvalidArgument, name + " lacks its id, incarnation or peer");
    }
    if (!seen.insert(member.store).second) return Status(StatusCode::kInvalidArgument, name + " stands twice");
  }
  return Status::Ok();
}

}  // namespace

void AdminService::RegisterAt(RpcServer& server) {
  using Method = RpcReply (AdminService::*)(const RpcContext&, ByteView);
  const auto add = [&](KvMethod method, const char* name, Method handler) {
    server.Register(method, name, [this, handler](const RpcContext& context, ByteView request) {
      return (this->*handler)(context, request);
    });
  };
  add(KvMethod::kIdentify, "Identify", &AdminService::Identify);
  add(KvMethod::kInitialise, "Initialise", &AdminService::Initialise);
  add(KvMethod::kMembers, "Members", &AdminService::Members);
  add(KvMethod::kChangeMembers, "ChangeMembers", &AdminService::ChangeMembers);
  add(KvMethod::kTransferLeader, "TransferLeader", &AdminService::TransferLeader);
  add(KvMethod::kChecksum, "Checksum", &AdminService::Checksum);
  add(KvMethod::kStatus, "Status", &AdminService::Describe);
  add(KvMethod::kCompactLog, "CompactLog", &AdminService::CompactLog);
}

RpcReply AdminService::Identify(const RpcContext&, ByteView) {
  IdentifyResponse response{.cluster = config_.cluster,
                            .store = config_.store,
                            .incarnation = store_.parts().self.incarnation,
                            .initialised = store_.EverInitialised(),
                            .address = config_.address,
                            .version = kVersion,
                            .members = {}};
  if (const Peer* peer = store_.Find(kFirstRegion)) response.members = MembersOf(peer->conf());
  return Encode(response);
}

RpcReply AdminService::Initialise(const RpcContext&, ByteView bytes) {
  const Result<InitialiseRequest> request = Decode<InitialiseRequest>(bytes);
  if (!request.ok()) return Malformed(request.status());
  if (request.value().cluster != config_.cluster) {
    return Status(StatusCode::kWrongTarget, "this store belongs to cluster " + ToString(config_.cluster) + ", not to " +
                                                ToString(request.value().cluster));
  }
  if (const Status valid = CheckFounders(request.value()); !valid.ok()) return valid;
  const Status done = store_.Initialise(kFirstRegion, FoundingConf(request.value()));
  return done.ok() ? RpcReply(Bytes()) : RpcReply(done);
}

/// Linearizable: a leader that was deposed and has not heard of it must not name yesterday's members.
RpcReply AdminService::Members(const RpcContext& context, ByteView) {
  Result<Peer*> peer = FindReplica(store_, kFirstRegion);
  if (!peer.ok()) return peer.status();
  if (const Status barrier = AwaitReadBarrier(*peer.value(), context.deadline); !barrier.ok()) {
    return ErrorReply(store_, kFirstRegion, barrier);
  }
  peer = FindReplica(store_, kFirstRegion);  // It may have gone meanwhile.
  if (!peer.ok()) return peer.status();
  if (!peer.value()->is_leader()) return ErrorReply(store_, kFirstRegion, peer.value()->NotLeader());
  return Encode(MembersResponse{.members = MembersOf(peer.value()->conf()),
                                .leader_store = config_.store,
                                .term = peer.value()->raft().term(),
                                .applied = peer.value()->applied(),
                                .joint = peer.value()->conf().IsJoint()});
}

RpcReply AdminService::ChangeMembers(const RpcContext& context, ByteView bytes) {
  const Result<ChangeMembersRequest> request = Decode<ChangeMembersRequest>(bytes);
  if (!request.ok()) return Malformed(request.status());
  const RegionId region = request.value().region;
  if (const Result<Peer*> peer = FindReplica(store_, region); !peer.ok()) return peer.status();
  MembershipWish wish{.add = {}, .remove = request.value().remove, .as_of = request.value().as_of};
  for (const Member& member : request.value().add) wish.add.push_back(AddressOf(member));
  const Status done = orrery::ChangeMembers(store_, region, wish, context.deadline);
  return done.ok() ? RpcReply(Bytes()) : ErrorReply(store_, region, done);
}

RpcReply AdminService::TransferLeader(const RpcContext&, ByteView bytes) {
  const Result<TransferLeaderRequest> request = Decode<TransferLeaderRequest>(bytes);
  if (!request.ok()) return Malformed(request.status());
  const RegionId region = request.value().region;
  const Result<Peer*> peer = FindReplica(store_, region);
  if (!peer.ok()) return peer.status();
  for (const Member& member : MembersOf(peer.value()->conf())) {
    if (member.store != request.value().to_store) continue;
    const Status begun = peer.value()->TransferLeader(member.peer);
    return begun.ok() ? RpcReply(Bytes()) : ErrorReply(store_, region, begun);
  }
  return Status(StatusCode::kInvalidArgument,
                "to_store: store " + ToString(request.value().to_store) + " is not a member");
}

RpcReply AdminService::Checksum(const RpcContext&, ByteView bytes) {
  const Result<ChecksumRequest> request = Decode<ChecksumRequest>(bytes);
  if (!request.ok()) return Malformed(request.status());
  const Result<Store::Checksum> checksum = store_.ComputeChecksum(request.value().region);
  if (!checksum.ok()) return checksum.status();
  return Encode(ChecksumResponse{.applied = checksum.value().applied,
                                 .checksum = checksum.value().state.hash,
                                 .pairs = checksum.value().state.pairs,
                                 .pairs_checksum = checksum.value().state.pairs_hash});
}

RpcReply AdminService::Describe(const RpcContext&, ByteView) {
  StatusResponse response;
  response.store = config_.store;
  response.incarnation = store_.parts().self.incarnation;
  response.cluster = config_.cluster;
  const CommitterStats& committer = store_.parts().committer.stats();
  response.counters = {{"turns", store_.turns()},
                       {"syncs", committer.syncs},
                       {"synced_batches", committer.sync_batches},
                       {"engine_writes", committer.writes},
                       {"engine_bytes", committer.bytes},
                       {"engine_stalls", committer.stalls}};
  if (const Peer* peer = store_.Find(kFirstRegion)) {
    const raft::RaftView view = peer->raft().View();
    response.region = kFirstRegion;
    response.role = RoleOf(*peer);
    response.term = view.term;
    response.leader_store = peer->Leader().store;
    response.commit = view.commit;
    response.applied = peer->applied();
    response.persisted = view.persisted;
    response.first_index = view.first_index;
    response.last_index = view.last_index;
    response.members = MembersOf(peer->conf());
    response.counters.push_back({"sessions", peer->session_count()});
    response.counters.push_back({"log_bytes", peer->log_bytes()});
  }
  return Encode(response);
}

RpcReply AdminService::CompactLog(const RpcContext&, ByteView bytes) {
  const Result<ChecksumRequest> request = Decode<ChecksumRequest>(bytes);
  if (!request.ok()) return Malformed(request.status());
  const Result<Peer*> peer = FindReplica(store_, request.value().region);
  if (!peer.ok()) return peer.status();
  const Status begun = peer.value()->ForceCompact();
  return begun.ok() ? RpcReply(Bytes()) : ErrorReply(store_, request.value().region, begun);
}

}  // namespace orrery
