#include "server/kv_service.h"

#include "raft/region/region_keys.h"
#include "runtime/base/probe.h"
#include "runtime/fiber/future.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

static_assert(static_cast<int>(OpKind::kPut) == static_cast<int>(WriteKind::kPut));
static_assert(static_cast<int>(OpKind::kDelete) == static_cast<int>(WriteKind::kDelete));
static_assert(static_cast<int>(OpKind::kCompareAndSwap) == static_cast<int>(WriteKind::kCompareAndSwap));
static_assert(static_cast<int>(OpKind::kBatch) == static_cast<int>(WriteKind::kBatch));

/// Views into `request`.
CommandView CommandOf(const WriteRequest& request) {
  CommandView command;
  command.session = request.session;
  command.sequence = request.sequence;
  command.lowest_unanswered = request.lowest_unanswered;
  command.op = static_cast<OpKind>(request.op.kind);
  command.key = request.op.key;
  if (request.op.value) command.value = *request.op.value;
  if (request.op.expected) command.expected = *request.op.expected;
  command.batch.reserve(request.op.batch.size());
  for (const Mutation& mutation : request.op.batch) {
    command.batch.push_back({.key = mutation.key, .value = mutation.value, .is_delete = mutation.is_delete});
  }
  return command;
}

Status CheckSequence(const WriteRequest& request) {
  if (!request.session.valid()) return Status::Ok();
  if (request.sequence == 0) return Status(StatusCode::kInvalidArgument, "sequence is 0, the first one is 1");
  if (request.lowest_unanswered <= request.sequence) return Status::Ok();
  return Status(StatusCode::kInvalidArgument, "lowest_unanswered is above the sequence of its own request");
}

/// What a client is told of an outcome that is an error.
Status OutcomeStatus(const CommandOutcome& outcome) {
  switch (outcome.code) {
    case StatusCode::kOk: return Status::Ok();
    case StatusCode::kNotFound: return Status(outcome.code, "the session is unknown or has expired");
    case StatusCode::kUnknownOutcome: return Status(outcome.code, "the answer to this request was forgotten");
    case StatusCode::kBusy: return Status(outcome.code, "too many sessions are open");
    default: return Status(outcome.code, "the command was refused");
  }
}

Status Malformed(const Status& why) {
  return Status(StatusCode::kInvalidArgument, std::string(why.message()));
}

Status ValidateScan(const ScanRequest& request) {
  if (request.limit == 0 || request.limit > kScanPairsMax) {
    return Status(StatusCode::kInvalidArgument,
                  "limit is " + std::to_string(request.limit) + ", allowed is 1 to " + std::to_string(kScanPairsMax));
  }
  if (request.bytes_max == 0 || request.bytes_max > kScanBytesMax) {
    return Status(StatusCode::kInvalidArgument, "bytes_max is " + std::to_string(request.bytes_max) +
                                                    ", allowed is 1 to " + std::to_string(kScanBytesMax));
  }
  if (request.end && *request.end < request.start) {
    return Status(StatusCode::kInvalidArgument, "end is before start");
  }
  return Status::Ok();
}

/// Suspends.
Result<ScanResponse> WalkRange(EngineSnapshot& snapshot, const ScanRequest& request) {
  ScanResponse response;
  const std::unique_ptr<EngineIterator> row =
      snapshot.NewIterator(DataRange(request.start, request.end ? &*request.end : nullptr));
  if (request.reverse) {
    row->SeekToLast();
  } else {
    row->SeekToFirst();
  }
  size_t bytes = 0;
  while (row->Valid()) {
    if (response.pairs.size() >= request.limit || bytes >= request.bytes_max) {
      response.more = true;
      break;
    }
    const ByteView key = UserKey(row->key());
    const ByteView value = request.keys_only ? ByteView() : row->value();
    bytes += key.size() + value.size();
    response.pairs.push_back(KeyValue{.key = Bytes(key), .value = Bytes(value)});
    if (request.reverse) {
      row->Prev();
    } else {
      row->Next();
    }
  }
  ORRERY_RETURN_IF_ERROR(row->status());
  return response;
}

}  // namespace

Result<Peer*> FindReplica(Store& store, RegionId region) {
  Peer* peer = store.Find(region);
  if (peer != nullptr && peer->initialised()) return peer;
  if (peer != nullptr || !store.EverInitialised()) {
    return Status(StatusCode::kUnavailable, "store " + ToString(store.parts().self.store) + " is not initialised yet");
  }
  return Status(StatusCode::kNotMember,
                "store " + ToString(store.parts().self.store) + " has no replica of region " + ToString(region));
}

RpcReply ErrorReply(Store& store, RegionId region, Status status) {
  const Peer* peer = store.Find(region);
  if (status.code() != StatusCode::kNotLeader || peer == nullptr) return RpcReply(std::move(status));
  const LeaderHint hint = peer->Leader();
  return RpcReply(std::move(status),
                  Encode(ErrorDetail{.leader_store = hint.store, .leader_address = hint.address, .term = hint.term}));
}

KvService::KvService(Runtime& runtime, Engine& engine, Store& store, const Options& options)
    : runtime_(runtime),
      engine_(engine),
      store_(store),
      options_(options),
      slow_reads_(runtime.domain, "slow reads", options.slow_reads_max) {}

void KvService::RegisterAt(RpcServer& server) {
  using Deferred = void (KvService::*)(const RpcContext&, const Bytes&, Responder);
  const auto deferred = [&](KvMethod method, const char* name, Deferred handler) {
    server.RegisterDeferred(method, name,
                            [this, handler](const RpcContext& context, const Bytes& request, Responder responder) {
                              (this->*handler)(context, request, std::move(responder));
                            });
  };
  deferred(KvMethod::kOpenSession, "OpenSession", &KvService::OpenSession);
  deferred(KvMethod::kWrite, "Write", &KvService::Write);
  deferred(KvMethod::kGet, "Get", &KvService::Get);
  server.Register(KvMethod::kScan, "Scan",
                  [this](const RpcContext& context, ByteView request) { return Scan(context, request); });
}

void KvService::OpenSession(const RpcContext&, const Bytes& bytes, Responder responder) {
  const Result<OpenSessionRequest> request = Decode<OpenSessionRequest>(bytes);
  if (!request.ok()) return responder.Complete(Malformed(request.status()));
  const RegionId region = request.value().region;
  const Result<Peer*> peer = FindReplica(store_, region);
  if (!peer.ok()) return responder.Complete(peer.status());
  const uint64_t expires = options_.session_expiry_entries;
  Bytes command = EncodeCommand({.kind = CommandKind::kOpenSession, .expires_after_entries = expires});
  peer.value()->Propose(std::move(command), [this, region, expires,
                                             responder = std::move(responder)](Result<CommandOutcome> result) mutable {
    Status status = result.status();
    if (status.ok()) status = OutcomeStatus(result.value());
    if (!status.ok()) return responder.Complete(ErrorReply(store_, region, status));
    responder.Complete(
        Encode(OpenSessionResponse{.session = result.value().session, .expires_after_entries = expires}));
  });
}

void KvService::Write(const RpcContext&, const Bytes& bytes, Responder responder) {
  const Result<WriteRequest> request = Decode<WriteRequest>(bytes);
  if (!request.ok()) return responder.Complete(Malformed(request.status()));
  Status valid = ValidateWrite(request.value().op);
  if (valid.ok()) valid = CheckSequence(request.value());
  if (!valid.ok()) return responder.Complete(valid);
  const RegionId region = request.value().region;
  const Result<Peer*> peer = FindReplica(store_, region);
  if (!peer.ok()) return responder.Complete(peer.status());
  peer.value()->Propose(EncodeCommand(CommandOf(request.value())), [this, region, responder = std::move(responder)](
                                                                       Result<CommandOutcome> result) mutable {
    Status status = result.status();
    if (status.ok()) status = OutcomeStatus(result.value());
    if (!status.ok()) return responder.Complete(ErrorReply(store_, region, status));
    CommandOutcome& outcome = result.value();
    responder.Complete(Encode(
        WriteResponse{.applied = outcome.applied, .current = std::move(outcome.current), .index = outcome.index}));
  });
}

void KvService::Get(const RpcContext& context, const Bytes& bytes, Responder responder) {
  Result<GetRequest> request = Decode<GetRequest>(bytes);
  if (!request.ok()) return responder.Complete(Malformed(request.status()));
  if (Status valid = ValidateKey(request.value().key); !valid.ok()) return responder.Complete(valid);
  const RegionId region = request.value().region;
  const Result<Peer*> found = FindReplica(store_, region);
  if (!found.ok()) return responder.Complete(found.status());
  Peer& peer = *found.value();
  Bytes key = DataKey(request.value().key);
  // The order matters: first the value (or the snapshot), then the look at the clock.
  if (peer.MayReadByLease()) {
    const auto value = engine_.TryGet(ColumnFamily::kData, key);
    if (value && value->ok() && peer.LeaseHolds()) return responder.Complete(EncodeGetResponse(value->value()));
    std::unique_ptr<EngineSnapshot> snapshot = value ? nullptr : engine_.TakeSnapshot();
    if (snapshot != nullptr && peer.LeaseHolds()) {
      return GetSlowly(std::move(key), std::move(snapshot), std::move(responder));
    }
    ORRERY_PROBE(runtime_.probes, "server.get.lease_ran_out");
  }
  peer.ReadBarrier(context.deadline,
                   [this, region, key = std::move(key), responder = std::move(responder)](Status status) mutable {
                     if (!status.ok()) return responder.Complete(ErrorReply(store_, region, std::move(status)));
                     const auto value = engine_.TryGet(ColumnFamily::kData, key);
                     if (value && value->ok()) return responder.Complete(EncodeGetResponse(value->value()));
                     GetSlowly(std::move(key), engine_.TakeSnapshot(), std::move(responder));
                   });
}

/// From the disk. An unreadable value stops the store: its replica must not lead.
void KvService::GetSlowly(Bytes key, std::unique_ptr<EngineSnapshot> snapshot, Responder responder) {
  ORRERY_PROBE(runtime_.probes, "server.get.from_disk");
  struct Read {
    Bytes key;
    std::unique_ptr<EngineSnapshot> snapshot;
    Responder responder;
  };
  auto read = std::make_shared<Read>(Read{std::move(key), std::move(snapshot), std::move(responder)});
  const bool spawned = slow_reads_.TrySpawn(FiberName("slow read", Hash64(read->key)), [this, read] {
    const Result<std::optional<Bytes>> value = read->snapshot->Get(ColumnFamily::kData, read->key);
    read->snapshot.reset();
    if (value.ok()) return read->responder.Complete(Encode(GetResponse{.value = value.value()}));
    runtime_.process.Exit(value.status().Wrap("reading a value"));
    read->responder.Complete(Status(StatusCode::kUnavailable, "the store is stopping"));
  });
  if (!spawned) read->responder.Complete(Status(StatusCode::kBusy, "too many reads wait for the disk"));
}

Result<std::unique_ptr<EngineSnapshot>> KvService::LinearizableSnapshot(RegionId region, Deadline deadline) {
  ORRERY_ASSIGN_OR_RETURN(Peer * peer, FindReplica(store_, region));
  if (peer->MayReadByLease()) {
    std::unique_ptr<EngineSnapshot> snapshot = engine_.TakeSnapshot();
    if (peer->LeaseHolds()) return snapshot;
  }
  using Snapshot = std::unique_ptr<EngineSnapshot>;
  Promise<Snapshot> promise;
  Future<Snapshot> future = promise.GetFuture();
  peer->ReadBarrier(deadline, [this, promise = std::move(promise)](Status status) mutable {
    // Taken at once: afterwards the replica may be removed or replaced.
    promise.Set(status.ok() ? Result<Snapshot>(engine_.TakeSnapshot()) : Result<Snapshot>(std::move(status)));
  });
  return future.Get(deadline);
}

RpcReply KvService::Scan(const RpcContext& context, ByteView bytes) {
  const Result<ScanRequest> request = Decode<ScanRequest>(bytes);
  if (!request.ok()) return Malformed(request.status());
  if (const Status valid = ValidateScan(request.value()); !valid.ok()) return valid;
  Result<std::unique_ptr<EngineSnapshot>> snapshot = LinearizableSnapshot(request.value().region, context.deadline);
  if (!snapshot.ok()) return ErrorReply(store_, request.value().region, snapshot.status());
  const Result<ScanResponse> response = WalkRange(*snapshot.value(), request.value());
  if (response.ok()) return Encode(response.value());
  runtime_.process.Exit(response.status().Wrap("scanning"));
  return Status(StatusCode::kUnavailable, "the store is stopping");
}

}  // namespace orrery
