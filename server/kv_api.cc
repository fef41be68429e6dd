#include "server/kv_api.h"

#include <cstring>

#include "server/kv_generated.h"

namespace orrery {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Vector;

constexpr size_t kBuilderBytes = 512;
constexpr uintptr_t kAlignment = 8;

using PackedBytes = Offset<Vector<uint8_t>>;
using PackedMembers = Offset<Vector<Offset<fb::Member>>>;

PackedBytes PackBytes(FlatBufferBuilder& builder, ByteView bytes) {
  return builder.CreateVector(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

PackedBytes PackOptional(FlatBufferBuilder& builder, const std::optional<Bytes>& bytes) {
  return bytes ? PackBytes(builder, *bytes) : PackedBytes();
}

Bytes UnpackBytes(const Vector<uint8_t>* bytes) {
  return bytes == nullptr ? Bytes() : Bytes(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

std::optional<Bytes> UnpackOptional(bool present, const Vector<uint8_t>* bytes) {
  return present ? std::optional(UnpackBytes(bytes)) : std::nullopt;
}

std::string UnpackString(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

PackedMembers PackMembers(FlatBufferBuilder& builder, const std::vector<Member>& members) {
  std::vector<Offset<fb::Member>> packed;
  packed.reserve(members.size());
  for (const Member& member : members) {
    const auto address = builder.CreateString(member.address);
    packed.push_back(fb::CreateMember(builder, member.store.value(), member.incarnation.value(), member.peer.value(),
                                      static_cast<uint8_t>(member.role), address));
  }
  return builder.CreateVector(packed);
}

Status CheckRole(uint8_t role) {
  if (role <= static_cast<uint8_t>(MemberRole::kOutgoing)) return Status::Ok();
  return Status(StatusCode::kCorruption, "member role " + std::to_string(role) + " is not known");
}

Result<std::vector<Member>> UnpackMembers(const Vector<Offset<fb::Member>>* packed) {
  std::vector<Member> members;
  if (packed == nullptr) return members;
  members.reserve(packed->size());
  for (const fb::Member* member : *packed) {
    ORRERY_RETURN_IF_ERROR(CheckRole(member->role()));
    members.push_back(Member{.store = StoreId(member->store()),
                             .incarnation = Incarnation(member->incarnation()),
                             .peer = PeerId(member->peer()),
                             .role = static_cast<MemberRole>(member->role()),
                             .address = UnpackString(member->address())});
  }
  return members;
}

template <class Table>
Bytes Finish(FlatBufferBuilder& builder, Offset<Table> root) {
  builder.Finish(root);
  return Bytes(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

/// A verified root table. FlatBuffers reads whole words in place, so bytes that do not start at a word are
/// copied to where they do.
template <class Table>
class Message {
 public:
  static Result<Message> Verify(ByteView bytes, std::string_view name) {
    Message message;
    if (reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment != 0) {
      message.words_.resize((bytes.size() + kAlignment - 1) / kAlignment);
      std::memcpy(message.words_.data(), bytes.data(), bytes.size());
      bytes = ByteView(reinterpret_cast<const char*>(message.words_.data()), bytes.size());
    }
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    if (!verifier.VerifyBuffer<Table>(nullptr)) {
      return Status(StatusCode::kCorruption, std::string(name) + " message is malformed");
    }
    message.root_ = flatbuffers::GetRoot<Table>(bytes.data());
    return message;
  }

  const Table* operator->() const { return root_; }

 private:
  std::vector<uint64_t> words_;
  const Table* root_ = nullptr;
};

Status CheckSize(std::string_view field, size_t size, size_t limit) {
  if (size <= limit) return Status::Ok();
  return Status(StatusCode::kTooLarge, std::string(field) + " has " + std::to_string(size) + " bytes, at most " +
                                           std::to_string(limit) + " are allowed");
}

Status ValidateBatch(const std::vector<Mutation>& batch) {
  if (batch.empty()) return Status(StatusCode::kInvalidArgument, "batch is empty");
  if (batch.size() > kBatchOpsMax) {
    return Status(StatusCode::kTooLarge, "batch has " + std::to_string(batch.size()) + " operations, at most " +
                                             std::to_string(kBatchOpsMax) + " are allowed");
  }
  size_t bytes = 0;
  for (const Mutation& mutation : batch) {
    ORRERY_RETURN_IF_ERROR(ValidateKey(mutation.key));
    ORRERY_RETURN_IF_ERROR(CheckSize("value", mutation.value.size(), kValueBytesMax));
    bytes += mutation.key.size() + mutation.value.size();
  }
  return CheckSize("batch", bytes, kBatchBytesMax);
}

}  // namespace

std::string KvMethodName(uint16_t method) {
  switch (static_cast<KvMethod>(method)) {
    case KvMethod::kOpenSession: return "OpenSession";
    case KvMethod::kWrite: return "Write";
    case KvMethod::kGet: return "Get";
    case KvMethod::kScan: return "Scan";
    case KvMethod::kIdentify: return "Identify";
    case KvMethod::kInitialise: return "Initialise";
    case KvMethod::kMembers: return "Members";
    case KvMethod::kChangeMembers: return "ChangeMembers";
    case KvMethod::kTransferLeader: return "TransferLeader";
    case KvMethod::kChecksum: return "Checksum";
    case KvMethod::kStatus: return "Status";
    case KvMethod::kCompactLog: return "CompactLog";
  }
  return "method " + std::to_string(method);
}

std::string_view MemberRoleName(MemberRole role) {
  switch (role) {
    case MemberRole::kNone: return "none";
    case MemberRole::kVoter: return "voter";
    case MemberRole::kLearner: return "learner";
    case MemberRole::kIncoming: return "incoming";
    case MemberRole::kOutgoing: return "outgoing";
  }
  return "unrecognised";
}

std::string_view PeerRoleName(PeerRole role) {
  switch (role) {
    case PeerRole::kNone: return "none";
    case PeerRole::kFollower: return "follower";
    case PeerRole::kPreCandidate: return "pre-candidate";
    case PeerRole::kCandidate: return "candidate";
    case PeerRole::kLeader: return "leader";
    case PeerRole::kLearner: return "learner";
  }
  return "unrecognised";
}

WriteOp WriteOp::Put(Bytes key, Bytes value) {
  return WriteOp{.kind = WriteKind::kPut, .key = std::move(key), .value = std::move(value)};
}

WriteOp WriteOp::Delete(Bytes key) {
  return WriteOp{.kind = WriteKind::kDelete, .key = std::move(key)};
}

WriteOp WriteOp::CompareAndSwap(Bytes key, std::optional<Bytes> expected, std::optional<Bytes> desired) {
  return WriteOp{.kind = WriteKind::kCompareAndSwap,
                 .key = std::move(key),
                 .value = std::move(desired),
                 .expected = std::move(expected)};
}

WriteOp WriteOp::Batch(std::vector<Mutation> mutations) {
  return WriteOp{.kind = WriteKind::kBatch, .batch = std::move(mutations)};
}

Status ValidateKey(ByteView key) {
  if (key.empty()) return Status(StatusCode::kInvalidArgument, "key is empty");
  return CheckSize("key", key.size(), kKeyBytesMax);
}

Status ValidateWrite(const WriteOp& op) {
  if (op.kind == WriteKind::kBatch) return ValidateBatch(op.batch);
  ORRERY_RETURN_IF_ERROR(ValidateKey(op.key));
  if (op.kind == WriteKind::kPut && !op.value) return Status(StatusCode::kInvalidArgument, "put has no value");
  if (op.value) ORRERY_RETURN_IF_ERROR(CheckSize("value", op.value->size(), kValueBytesMax));
  if (op.expected) ORRERY_RETURN_IF_ERROR(CheckSize("expected value", op.expected->size(), kValueBytesMax));
  return Status::Ok();
}

Bytes Encode(const WriteRequest& request) {
  const WriteOp& op = request.op;
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedBytes key = PackBytes(builder, op.key);
  const PackedBytes value = PackOptional(builder, op.value);
  const PackedBytes expected = PackOptional(builder, op.expected);
  Offset<Vector<Offset<fb::Mutation>>> batch;
  if (op.kind == WriteKind::kBatch) {
    std::vector<Offset<fb::Mutation>> packed;
    packed.reserve(op.batch.size());
    for (const Mutation& mutation : op.batch) {
      const PackedBytes mutation_key = PackBytes(builder, mutation.key);
      const PackedBytes mutation_value = PackBytes(builder, mutation.value);
      packed.push_back(fb::CreateMutation(builder, mutation_key, mutation_value, mutation.is_delete));
    }
    batch = builder.CreateVector(packed);
  }
  return Finish(builder,
                fb::CreateWriteRequest(builder, request.region.value(), request.session.value(), request.sequence,
                                       request.lowest_unanswered, static_cast<uint8_t>(op.kind), key, value, expected,
                                       op.value.has_value(), op.expected.has_value(), batch));
}

template <>
Result<WriteRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::WriteRequest>::Verify(bytes, "WriteRequest"));
  const uint8_t kind = table->kind();
  if (kind < static_cast<uint8_t>(WriteKind::kPut) || kind > static_cast<uint8_t>(WriteKind::kBatch)) {
    return Status(StatusCode::kCorruption, "WriteRequest kind " + std::to_string(kind) + " is not known");
  }
  WriteRequest request{.region = RegionId(table->region()),
                       .session = SessionId(table->session()),
                       .sequence = table->sequence(),
                       .lowest_unanswered = table->lowest_unanswered()};
  request.op.kind = static_cast<WriteKind>(kind);
  request.op.key = UnpackBytes(table->key());
  request.op.value = UnpackOptional(table->has_value(), table->value());
  request.op.expected = UnpackOptional(table->has_expected(), table->expected());
  if (table->batch() != nullptr) {
    request.op.batch.reserve(table->batch()->size());
    for (const fb::Mutation* mutation : *table->batch()) {
      request.op.batch.push_back(Mutation{.key = UnpackBytes(mutation->key()),
                                          .value = UnpackBytes(mutation->value()),
                                          .is_delete = mutation->is_delete()});
    }
  }
  return request;
}

Bytes Encode(const WriteResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedBytes current = PackOptional(builder, response.current);
  return Finish(builder, fb::CreateWriteResponse(builder, response.applied, response.current.has_value(), current,
                                                 response.index.value()));
}

template <>
Result<WriteResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::WriteResponse>::Verify(bytes, "WriteResponse"));
  return WriteResponse{.applied = table->applied(),
                       .current = UnpackOptional(table->has_current(), table->current()),
                       .index = LogIndex(table->index())};
}

Bytes Encode(const OpenSessionRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  return Finish(builder, fb::CreateOpenSessionRequest(builder, request.region.value(), request.nonce));
}

template <>
Result<OpenSessionRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::OpenSessionRequest>::Verify(bytes, "OpenSessionRequest"));
  return OpenSessionRequest{.region = RegionId(table->region()), .nonce = table->nonce()};
}

Bytes Encode(const OpenSessionResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  return Finish(builder,
                fb::CreateOpenSessionResponse(builder, response.session.value(), response.expires_after_entries));
}

template <>
Result<OpenSessionResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::OpenSessionResponse>::Verify(bytes, "OpenSessionResponse"));
  return OpenSessionResponse{.session = SessionId(table->session()),
                             .expires_after_entries = table->expires_after_entries()};
}

Bytes Encode(const GetRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedBytes key = PackBytes(builder, request.key);
  return Finish(builder, fb::CreateGetRequest(builder, request.region.value(), key));
}

template <>
Result<GetRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::GetRequest>::Verify(bytes, "GetRequest"));
  return GetRequest{.region = RegionId(table->region()), .key = UnpackBytes(table->key())};
}

Bytes EncodeGetResponse(std::optional<ByteView> value) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedBytes packed = value ? PackBytes(builder, *value) : PackedBytes();
  return Finish(builder, fb::CreateGetResponse(builder, value.has_value(), packed));
}

Bytes Encode(const GetResponse& response) {
  return EncodeGetResponse(response.value ? std::optional<ByteView>(*response.value) : std::nullopt);
}

template <>
Result<GetResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::GetResponse>::Verify(bytes, "GetResponse"));
  return GetResponse{.value = UnpackOptional(table->found(), table->value())};
}

Bytes Encode(const ScanRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedBytes start = PackBytes(builder, request.start);
  const PackedBytes end = PackOptional(builder, request.end);
  return Finish(builder, fb::CreateScanRequest(builder, request.region.value(), start, end, request.end.has_value(),
                                               request.limit, request.bytes_max, request.reverse, request.keys_only));
}

template <>
Result<ScanRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::ScanRequest>::Verify(bytes, "ScanRequest"));
  return ScanRequest{.region = RegionId(table->region()),
                     .start = UnpackBytes(table->start()),
                     .end = UnpackOptional(table->has_end(), table->end()),
                     .limit = table->limit(),
                     .bytes_max = table->bytes_max(),
                     .reverse = table->reverse(),
                     .keys_only = table->keys_only()};
}

Bytes Encode(const ScanResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  std::vector<Offset<fb::KeyValue>> packed;
  packed.reserve(response.pairs.size());
  for (const KeyValue& pair : response.pairs) {
    const PackedBytes key = PackBytes(builder, pair.key);
    const PackedBytes value = PackBytes(builder, pair.value);
    packed.push_back(fb::CreateKeyValue(builder, key, value));
  }
  const auto pairs = builder.CreateVector(packed);
  return Finish(builder, fb::CreateScanResponse(builder, pairs, response.more));
}

template <>
Result<ScanResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::ScanResponse>::Verify(bytes, "ScanResponse"));
  ScanResponse response{.more = table->more()};
  if (table->pairs() == nullptr) return response;
  response.pairs.reserve(table->pairs()->size());
  for (const fb::KeyValue* pair : *table->pairs()) {
    response.pairs.push_back(KeyValue{.key = UnpackBytes(pair->key()), .value = UnpackBytes(pair->value())});
  }
  return response;
}

Bytes Encode(const ErrorDetail& detail) {
  FlatBufferBuilder builder(kBuilderBytes);
  const auto address = builder.CreateString(detail.leader_address);
  return Finish(builder, fb::CreateErrorDetail(builder, detail.leader_store.value(), address, detail.term.value()));
}

template <>
Result<ErrorDetail> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::ErrorDetail>::Verify(bytes, "ErrorDetail"));
  return ErrorDetail{.leader_store = StoreId(table->leader_store()),
                     .leader_address = UnpackString(table->leader_address()),
                     .term = Term(table->term())};
}

Bytes Encode(const IdentifyResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  const auto address = builder.CreateString(response.address);
  const auto version = builder.CreateString(response.version);
  const PackedMembers members = PackMembers(builder, response.members);
  return Finish(builder, fb::CreateIdentifyResponse(builder, response.cluster.value(), response.store.value(),
                                                    response.incarnation.value(), response.initialised, address,
                                                    version, members));
}

template <>
Result<IdentifyResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::IdentifyResponse>::Verify(bytes, "IdentifyResponse"));
  ORRERY_ASSIGN_OR_RETURN(std::vector<Member> members, UnpackMembers(table->members()));
  return IdentifyResponse{.cluster = ClusterId(table->cluster()),
                          .store = StoreId(table->store()),
                          .incarnation = Incarnation(table->incarnation()),
                          .initialised = table->initialised(),
                          .address = UnpackString(table->address()),
                          .version = UnpackString(table->version()),
                          .members = std::move(members)};
}

Bytes Encode(const InitialiseRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedMembers members = PackMembers(builder, request.members);
  return Finish(builder, fb::CreateInitialiseRequest(builder, request.cluster.value(), members));
}

template <>
Result<InitialiseRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::InitialiseRequest>::Verify(bytes, "InitialiseRequest"));
  ORRERY_ASSIGN_OR_RETURN(std::vector<Member> members, UnpackMembers(table->members()));
  return InitialiseRequest{.cluster = ClusterId(table->cluster()), .members = std::move(members)};
}

Bytes Encode(const MembersResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedMembers members = PackMembers(builder, response.members);
  return Finish(builder, fb::CreateMembersResponse(builder, members, response.leader_store.value(),
                                                   response.term.value(), response.applied.value(), response.joint));
}

template <>
Result<MembersResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::MembersResponse>::Verify(bytes, "MembersResponse"));
  ORRERY_ASSIGN_OR_RETURN(std::vector<Member> members, UnpackMembers(table->members()));
  return MembersResponse{.members = std::move(members),
                         .leader_store = StoreId(table->leader_store()),
                         .term = Term(table->term()),
                         .applied = LogIndex(table->applied()),
                         .joint = table->joint()};
}

Bytes Encode(const ChangeMembersRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedMembers add = PackMembers(builder, request.add);
  std::vector<uint64_t> removed;
  for (const StoreId store : request.remove) removed.push_back(store.value());
  const auto remove = builder.CreateVector(removed);
  return Finish(builder,
                fb::CreateChangeMembersRequest(builder, request.region.value(), add, remove, request.as_of.value()));
}

template <>
Result<ChangeMembersRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::ChangeMembersRequest>::Verify(bytes, "ChangeMembersRequest"));
  ORRERY_ASSIGN_OR_RETURN(std::vector<Member> add, UnpackMembers(table->add()));
  ChangeMembersRequest request{
      .region = RegionId(table->region()), .add = std::move(add), .as_of = LogIndex(table->as_of())};
  if (table->remove() != nullptr) {
    // Not by its own iterator: the verifier lets ids through that are not aligned.
    const uint8_t* const ids = table->remove()->Data();
    for (size_t i = 0; i < table->remove()->size(); ++i) {
      uint64_t store;
      std::memcpy(&store, ids + i * sizeof store, sizeof store);
      request.remove.push_back(StoreId(flatbuffers::EndianScalar(store)));
    }
  }
  return request;
}

Bytes Encode(const TransferLeaderRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  return Finish(builder, fb::CreateTransferLeaderRequest(builder, request.region.value(), request.to_store.value()));
}

template <>
Result<TransferLeaderRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::TransferLeaderRequest>::Verify(bytes, "TransferLeaderRequest"));
  return TransferLeaderRequest{.region = RegionId(table->region()), .to_store = StoreId(table->to_store())};
}

Bytes Encode(const ChecksumRequest& request) {
  FlatBufferBuilder builder(kBuilderBytes);
  return Finish(builder, fb::CreateChecksumRequest(builder, request.region.value()));
}

template <>
Result<ChecksumRequest> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::ChecksumRequest>::Verify(bytes, "ChecksumRequest"));
  return ChecksumRequest{.region = RegionId(table->region())};
}

Bytes Encode(const ChecksumResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  return Finish(builder, fb::CreateChecksumResponse(builder, response.applied.value(), response.checksum,
                                                    response.pairs, response.pairs_checksum));
}

template <>
Result<ChecksumResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::ChecksumResponse>::Verify(bytes, "ChecksumResponse"));
  return ChecksumResponse{.applied = LogIndex(table->applied()),
                          .checksum = table->checksum(),
                          .pairs = table->pairs(),
                          .pairs_checksum = table->pairs_checksum()};
}

Bytes Encode(const StatusResponse& response) {
  FlatBufferBuilder builder(kBuilderBytes);
  const PackedMembers members = PackMembers(builder, response.members);
  std::vector<Offset<fb::Counter>> packed;
  for (const Counter& counter : response.counters) {
    const auto name = builder.CreateString(counter.name);
    packed.push_back(fb::CreateCounter(builder, name, counter.value));
  }
  const auto counters = builder.CreateVector(packed);
  return Finish(builder, fb::CreateStatusResponse(
                             builder, response.store.value(), response.incarnation.value(), response.cluster.value(),
                             response.region.value(), static_cast<uint8_t>(response.role), response.term.value(),
                             response.leader_store.value(), response.commit.value(), response.applied.value(),
                             response.persisted.value(), response.first_index.value(), response.last_index.value(),
                             members, counters));
}

template <>
Result<StatusResponse> Decode(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(const auto table, Message<fb::StatusResponse>::Verify(bytes, "StatusResponse"));
  ORRERY_ASSIGN_OR_RETURN(std::vector<Member> members, UnpackMembers(table->members()));
  if (table->role() > static_cast<uint8_t>(PeerRole::kLearner)) {
    return Status(StatusCode::kCorruption, "StatusResponse role " + std::to_string(table->role()) + " is not known");
  }
  StatusResponse response{.store = StoreId(table->store()),
                          .incarnation = Incarnation(table->incarnation()),
                          .cluster = ClusterId(table->cluster()),
                          .region = RegionId(table->region()),
                          .role = static_cast<PeerRole>(table->role()),
                          .term = Term(table->term()),
                          .leader_store = StoreId(table->leader_store()),
                          .commit = LogIndex(table->commit()),
                          .applied = LogIndex(table->applied()),
                          .persisted = LogIndex(table->persisted()),
                          .first_index = LogIndex(table->first_index()),
                          .last_index = LogIndex(table->last_index()),
                          .members = std::move(members)};
  if (table->counters() != nullptr) {
    for (const fb::Counter* counter : *table->counters()) {
      response.counters.push_back(Counter{.name = UnpackString(counter->name()), .value = counter->value()});
    }
  }
  return response;
}

}  // namespace orrery
