#include "server/kv_api.h"

#include <doctest/doctest.h>

#include "runtime/base/random.h"

namespace orrery {
namespace {

WriteRequest Request(WriteOp op) {
  return WriteRequest{
      .region = kFirstRegion, .session = SessionId(7), .sequence = 9, .lowest_unanswered = 8, .op = std::move(op)};
}

std::vector<WriteOp> OneOfEach() {
  return {WriteOp::Put("k", "v"),
          WriteOp::Put("k", ""),
          WriteOp::Delete("k"),
          WriteOp::CompareAndSwap("k", std::nullopt, "new"),
          WriteOp::CompareAndSwap("k", "", std::nullopt),
          WriteOp::Batch({Mutation{.key = "a", .value = "1"}, Mutation{.key = "b", .is_delete = true}})};
}

TEST_CASE("KvApi: every kind of write survives the wire, absent and empty stay apart") {
  for (const WriteOp& op : OneOfEach()) {
    const auto decoded = Decode<WriteRequest>(Encode(Request(op)));
    REQUIRE(decoded.ok());
    CHECK(decoded->op == op);
    CHECK(decoded->session == SessionId(7));
    CHECK(decoded->sequence == 9);
    CHECK(decoded->lowest_unanswered == 8);
  }
}

TEST_CASE("KvApi: messages decode wherever they start in memory") {
  const Bytes encoded = Encode(Request(WriteOp::Put("key", "value")));
  for (size_t shift = 0; shift < 9; ++shift) {
    const Bytes shifted = Bytes(shift, 'x') + encoded;
    CHECK(Decode<WriteRequest>(ByteView(shifted).substr(shift)).ok());
  }
}

TEST_CASE("KvApi: every cut and many flips of a message are refused or decoded, never a crash") {
  const Bytes encoded = Encode(Request(OneOfEach().back()));
  int refused = 0;
  for (size_t cut = 0; cut < encoded.size(); ++cut) {
    refused += Decode<WriteRequest>(ByteView(encoded).substr(0, cut)).ok() ? 0 : 1;
  }
  CHECK(refused > 0);
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged = encoded;
    const uint64_t at = random.Below(damaged.size());
    damaged[at] = static_cast<char>(random.NextU64());
    const auto decoded = Decode<WriteRequest>(damaged);
    if (!decoded.ok()) CHECK(decoded.code() == StatusCode::kCorruption);
  }
  CHECK(Decode<WriteRequest>("").code() == StatusCode::kCorruption);
}

TEST_CASE("KvApi: limits name the field") {
  CHECK(ValidateWrite(WriteOp::Put("", "v")).message() == "key is empty");
  CHECK(ValidateWrite(WriteOp::Put(Bytes(kKeyBytesMax + 1, 'k'), "v")).ToString() ==
        "TOO_LARGE: key has 4097 bytes, at most 4096 are allowed");
  CHECK(ValidateWrite(WriteOp::Put("k", Bytes(kValueBytesMax + 1, 'v'))).code() == StatusCode::kTooLarge);
  CHECK(ValidateWrite(WriteOp::Batch({})).message() == "batch is empty");
  CHECK(ValidateWrite(WriteOp::Batch({Mutation{.key = ""}})).message() == "key is empty");
  for (const WriteOp& op : OneOfEach()) CHECK(ValidateWrite(op).ok());
}

TEST_CASE("KvApi: the other messages survive the wire") {
  const std::vector<Member> members = {Member{.store = StoreId(1),
                                              .incarnation = Incarnation(11),
                                              .peer = PeerId(3),
                                              .role = MemberRole::kVoter,
                                              .address = "127.0.0.1:1"}};
  CHECK(*Decode<GetResponse>(Encode(GetResponse{.value = ""}))->value == "");
  CHECK_FALSE(Decode<GetResponse>(Encode(GetResponse{}))->value.has_value());
  const ScanRequest scan{.region = kFirstRegion, .start = "a", .end = "", .limit = 5, .reverse = true};
  const auto scanned = Decode<ScanRequest>(Encode(scan));
  CHECK(scanned->end == Bytes());
  CHECK(scanned->reverse);
  CHECK(Decode<ScanResponse>(Encode(ScanResponse{.pairs = {{"k", "v"}}, .more = true}))->pairs ==
        std::vector<KeyValue>{{"k", "v"}});
  CHECK(Decode<ErrorDetail>(Encode(ErrorDetail{.leader_store = StoreId(2), .leader_address = "h:1"}))->leader_address ==
        "h:1");
  CHECK(Decode<IdentifyResponse>(Encode(IdentifyResponse{.members = members}))->members == members);
  CHECK(Decode<InitialiseRequest>(Encode(InitialiseRequest{.members = members}))->members == members);
  CHECK(Decode<MembersResponse>(Encode(MembersResponse{.members = members, .joint = true}))->joint);
  const auto change = Decode<ChangeMembersRequest>(
      Encode(ChangeMembersRequest{.add = members, .remove = {StoreId(4)}, .as_of = LogIndex(9)}));
  CHECK(change->remove == std::vector<StoreId>{StoreId(4)});
  CHECK(change->as_of == LogIndex(9));
  const auto checksum = Decode<ChecksumResponse>(
      Encode(ChecksumResponse{.applied = LogIndex(5), .checksum = 6, .pairs = 7, .pairs_checksum = 8}));
  CHECK(checksum->pairs == 7);
  CHECK(checksum->pairs_checksum == 8);
  const auto status = Decode<StatusResponse>(
      Encode(StatusResponse{.role = PeerRole::kLeader, .members = members, .counters = {{"fsyncs", 3}}}));
  CHECK(status->role == PeerRole::kLeader);
  CHECK(status->counters[0].value == 3);
}

TEST_CASE("KvApi: a role nobody knows is refused") {
  const Bytes encoded = Encode(IdentifyResponse{.members = {Member{.role = static_cast<MemberRole>(9)}}});
  CHECK(Decode<IdentifyResponse>(encoded).code() == StatusCode::kCorruption);
}

}  // namespace
}  // namespace orrery
