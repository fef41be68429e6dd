#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

namespace orrery {

/// The client-facing services of a store as plain structs, and their codec. A service is a method number,
/// a request and a response; both travel as FlatBuffers (server/kv.fbs) inside runtime/rpc frames.
/// Decoders refuse malformed input with kCorruption naming the message; they never crash.

/// RPC method numbers. They travel on the wire: never renumber.
enum class KvMethod : uint16_t {
  kOpenSession = 16,
  kWrite = 17,
  kGet = 18,
  kScan = 19,

  kIdentify = 32,        ///< Empty request. Any store answers, initialised or not.
  kInitialise = 33,      ///< InitialiseRequest, empty response.
  kMembers = 34,         ///< Empty request; leader only.
  kChangeMembers = 35,   ///< ChangeMembersRequest, empty response once the new configuration is in force.
  kTransferLeader = 36,  ///< TransferLeaderRequest, empty response once the transfer has begun.
  kChecksum = 37,        ///< ChecksumRequest; any replica answers for itself.
  kStatus = 38,          ///< Empty request; any store answers.
  kCompactLog = 39,      ///< ChecksumRequest (region), empty response.
};

/// "Write", "Scan", ... or "method 99".
std::string KvMethodName(uint16_t method);

/// The one region that exists until regions split.
constexpr RegionId kFirstRegion = RegionId(1);

/// Limits of what clients may send; beyond them kTooLarge names the field.
constexpr size_t kKeyBytesMax = 4096;
constexpr size_t kValueBytesMax = size_t{8} << 20;
constexpr size_t kBatchBytesMax = size_t{8} << 20;
constexpr size_t kBatchOpsMax = 4096;
/// A scan answers at most this many pairs and about this many bytes at a time.
constexpr uint32_t kScanPairsMax = 10000;
constexpr uint32_t kScanBytesMax = 4u << 20;

/// Travels on the wire and in Raft entries: never renumber.
enum class WriteKind : uint8_t {
  kPut = 1,             ///< key := value.
  kDelete = 2,          ///< Removes key; ok if it is not there.
  kCompareAndSwap = 3,  ///< If key's value is `expected` (nullopt: absent), sets it to `value` (nullopt: removes).
  kBatch = 4,           ///< All mutations, atomically, in order.
};

struct Mutation {
  Bytes key;
  Bytes value;
  bool is_delete = false;

  bool operator==(const Mutation&) const = default;
};

/// One effect. Which fields count depends on `kind`.
struct WriteOp {
  WriteKind kind = WriteKind::kPut;
  Bytes key;
  std::optional<Bytes> value;
  std::optional<Bytes> expected;
  std::vector<Mutation> batch;

  static WriteOp Put(Bytes key, Bytes value);
  static WriteOp Delete(Bytes key);
  static WriteOp CompareAndSwap(Bytes key, std::optional<Bytes> expected, std::optional<Bytes> desired);
  static WriteOp Batch(std::vector<Mutation> mutations);

  bool operator==(const WriteOp&) const = default;
};

/// kInvalidArgument or kTooLarge naming the field that is out of its limits.
Status ValidateWrite(const WriteOp& op);
Status ValidateKey(ByteView key);

/// A write takes effect at most once per (session, sequence), however often it is sent.
struct WriteRequest {
  RegionId region;
  SessionId session;
  uint64_t sequence = 0;  ///< From 1, unique in the session.
  /// The client has the answers of every sequence below this one and will not ask again.
  uint64_t lowest_unanswered = 0;
  WriteOp op;
};

struct WriteResponse {
  bool applied = false;  ///< False only for a compare-and-swap whose expectation did not hold.
  /// For a compare-and-swap that did not apply: the value found, nullopt if absent.
  std::optional<Bytes> current;
  LogIndex index;  ///< The Raft entry that carried the write.

  bool operator==(const WriteResponse&) const = default;
};

struct OpenSessionRequest {
  RegionId region;
  uint64_t nonce = 0;  ///< For logs; opening twice makes two sessions, which is harmless.
};

struct OpenSessionResponse {
  SessionId session;
  /// The session is forgotten once this many entries were applied since its last use.
  uint64_t expires_after_entries = 0;
};

struct GetRequest {
  RegionId region;
  Bytes key;
};

struct GetResponse {
  std::optional<Bytes> value;
};

/// The half-open range [start, end); without `end` to the end of the key space. Reverse scans walk the same
/// range from its end.
struct ScanRequest {
  RegionId region;
  Bytes start;
  std::optional<Bytes> end;
  uint32_t limit = kScanPairsMax;
  uint32_t bytes_max = kScanBytesMax;
  bool reverse = false;
  bool keys_only = false;
};

struct KeyValue {
  Bytes key;
  Bytes value;
  bool operator==(const KeyValue&) const = default;
};

struct ScanResponse {
  std::vector<KeyValue> pairs;
  bool more = false;  ///< A limit was reached before the end of the range.
};

enum class MemberRole : uint8_t { kNone = 0, kVoter = 1, kLearner = 2, kIncoming = 3, kOutgoing = 4 };
std::string_view MemberRoleName(MemberRole role);

struct Member {
  StoreId store;
  Incarnation incarnation;
  PeerId peer;
  MemberRole role = MemberRole::kNone;
  std::string address;
  bool operator==(const Member&) const = default;
};

/// Payload of an error response, where there is something to tell.
struct ErrorDetail {
  StoreId leader_store;  ///< Invalid if unknown.
  std::string leader_address;
  Term term;
};

struct IdentifyResponse {
  ClusterId cluster;
  StoreId store;
  Incarnation incarnation;
  bool initialised = false;
  std::string address;
  std::string version;
  std::vector<Member> members;
};

struct InitialiseRequest {
  ClusterId cluster;
  std::vector<Member> members;
};

struct MembersResponse {
  std::vector<Member> members;
  StoreId leader_store;
  Term term;
  LogIndex applied;
  bool joint = false;
};

/// Adds stores (store, incarnation and address set; peer is allotted) and removes stores, in one change. Refused with
/// kConflict if the membership has changed since `as_of`, MembersResponse::applied of whoever asks: a copy of the
/// request that arrives late must not undo what was done since.
struct ChangeMembersRequest {
  RegionId region;
  std::vector<Member> add;
  std::vector<StoreId> remove;
  LogIndex as_of;
};

struct TransferLeaderRequest {
  RegionId region;
  StoreId to_store;
};

struct ChecksumRequest {
  RegionId region;
};

/// A hash over the replicated state (data, sessions, membership) as of `applied`.
struct ChecksumResponse {
  LogIndex applied;
  uint64_t checksum = 0;
  uint64_t pairs = 0;
  uint64_t pairs_checksum = 0;  ///< Over the data alone; 0 from a store that does not tell.
};

enum class PeerRole : uint8_t {
  kNone = 0,
  kFollower = 1,
  kPreCandidate = 2,
  kCandidate = 3,
  kLeader = 4,
  kLearner = 5
};
std::string_view PeerRoleName(PeerRole role);

struct Counter {
  std::string name;
  uint64_t value = 0;
};

struct StatusResponse {
  StoreId store;
  Incarnation incarnation;
  ClusterId cluster;
  RegionId region;
  PeerRole role = PeerRole::kNone;
  Term term;
  StoreId leader_store;
  LogIndex commit;
  LogIndex applied;
  LogIndex persisted;
  LogIndex first_index;
  LogIndex last_index;
  std::vector<Member> members;
  std::vector<Counter> counters;
};

Bytes Encode(const WriteRequest& request);
Bytes Encode(const WriteResponse& response);
Bytes Encode(const OpenSessionRequest& request);
Bytes Encode(const OpenSessionResponse& response);
Bytes Encode(const GetRequest& request);
Bytes Encode(const GetResponse& response);
/// The same bytes as for a GetResponse that holds a copy of `value`.
Bytes EncodeGetResponse(std::optional<ByteView> value);
Bytes Encode(const ScanRequest& request);
Bytes Encode(const ScanResponse& response);
Bytes Encode(const ErrorDetail& detail);
Bytes Encode(const IdentifyResponse& response);
Bytes Encode(const InitialiseRequest& request);
Bytes Encode(const MembersResponse& response);
Bytes Encode(const ChangeMembersRequest& request);
Bytes Encode(const TransferLeaderRequest& request);
Bytes Encode(const ChecksumRequest& request);
Bytes Encode(const ChecksumResponse& response);
Bytes Encode(const StatusResponse& response);

/// Decode<WriteRequest>(bytes) and so on, for every struct above that has an Encode.
template <class Message>
Result<Message> Decode(ByteView bytes);

template <>
Result<WriteRequest> Decode(ByteView bytes);
template <>
Result<WriteResponse> Decode(ByteView bytes);
template <>
Result<OpenSessionRequest> Decode(ByteView bytes);
template <>
Result<OpenSessionResponse> Decode(ByteView bytes);
template <>
Result<GetRequest> Decode(ByteView bytes);
template <>
Result<GetResponse> Decode(ByteView bytes);
template <>
Result<ScanRequest> Decode(ByteView bytes);
template <>
Result<ScanResponse> Decode(ByteView bytes);
template <>
Result<ErrorDetail> Decode(ByteView bytes);
template <>
Result<IdentifyResponse> Decode(ByteView bytes);
template <>
Result<InitialiseRequest> Decode(ByteView bytes);
template <>
Result<MembersResponse> Decode(ByteView bytes);
template <>
Result<ChangeMembersRequest> Decode(ByteView bytes);
template <>
Result<TransferLeaderRequest> Decode(ByteView bytes);
template <>
Result<ChecksumRequest> Decode(ByteView bytes);
template <>
Result<ChecksumResponse> Decode(ByteView bytes);
template <>
Result<StatusResponse> Decode(ByteView bytes);

}  // namespace orrery
