#include "faults/garbage.h"

#include "raft/core/codec.h"
#include "raft/region/snapshot_message.h"
#include "runtime/base/assert.h"
#include "runtime/rpc/rpc_frame.h"

namespace orrery::faults {
namespace {

constexpr RegionId kNoRegion{77};

Bytes RandomBytes(Random& random, uint64_t size_max) {
  Bytes bytes;
  const uint64_t size = random.Below(size_max + 1);
  random.Fill(bytes, size);
  return bytes;
}

/// Cut somewhere, so that it cannot be whole. Requires: not empty.
Bytes Cut(Bytes bytes, Random& random) {
  bytes.resize(random.Below(bytes.size()));
  return bytes;
}

Garbage AnyBytes(Random& random) {
  constexpr Channel kChannels[] = {Channel::kRpc, Channel::kRaft, Channel::kSnapshot};
  Garbage garbage{.channel = kChannels[random.Below(std::size(kChannels))], .bytes = {}};
  // The versions and kinds that there are, so that more than the first byte is looked at.
  const uint64_t head = random.Below(4);
  if (head > 0) garbage.bytes.push_back('\x01');
  if (head > 1) garbage.bytes.push_back(static_cast<char>(head - 1));
  garbage.bytes += RandomBytes(random, 200);
  return garbage;
}

Garbage AnyRequest(Random& random) {
  constexpr KvMethod kMethods[] = {KvMethod::kOpenSession,    KvMethod::kWrite,      KvMethod::kGet,
                                   KvMethod::kScan,           KvMethod::kInitialise, KvMethod::kChangeMembers,
                                   KvMethod::kTransferLeader, KvMethod::kChecksum,   KvMethod::kCompactLog};
  constexpr uint16_t kNoMethod = 999;
  const uint64_t which = random.Below(std::size(kMethods) + 1);
  const RpcMethod method = which == std::size(kMethods) ? RpcMethod(kNoMethod) : RpcMethod(kMethods[which]);
  const uint64_t nonce = random.NextU64();
  const RpcCallId id{.nonce = nonce, .sequence = 1};
  const Bytes payload = RandomBytes(random, 100);
  Garbage garbage{.channel = Channel::kRpc, .bytes = {}};
  if (random.Chance(0.2)) {
    garbage.bytes = EncodeRpcResponse({id, static_cast<uint8_t>(StatusCode::kOk), {}, payload});
  } else {
    garbage.bytes = EncodeRpcRequest({id, method, seconds(1), payload});
  }
  if (random.Chance(0.2)) garbage.bytes = Cut(std::move(garbage.bytes), random);
  return garbage;
}

/// The peer of the store that is spoken to; invalid if it told none.
PeerId PeerOf(const IdentifyResponse& store) {
  for (const Member& member : store.members) {
    if (member.store == store.store && member.incarnation == store.incarnation) return member.peer;
  }
  return PeerId();
}

/// Somebody for whom it is spoken.
PeerId AnyMember(const IdentifyResponse& store, Random& random) {
  return store.members.empty() ? PeerId(1) : store.members[random.Below(store.members.size())].peer;
}

Bytes Encoded(const raft::Message& message) {
  Bytes bytes;
  raft::EncodeMessage(message, bytes);
  return bytes;
}

raft::Message Heartbeat(const StrangersView& view, Random& random) {
  return {.from = AnyMember(view.store, random),
          .to = PeerOf(view.store),
          .term = Term(1 + random.Below(1000)),
          .body = raft::HeartbeatRequest{.commit = LogIndex(random.Below(1000)), .round = 1}};
}

raft::Message Install(const StrangersView& view, Random& random) {
  raft::InstallSnapshot install;
  install.meta.index = LogIndex(1'000'000'000 + random.Below(1000));
  install.meta.term = Term(1 + random.Below(1000));
  return {.from = AnyMember(view.store, random), .to = PeerOf(view.store), .term = install.meta.term, .body = install};
}

/// An item for a store that takes the envelope.
void AddItem(EnvelopeWriter& writer, const StrangersView& view, Random& random) {
  switch (random.Below(5)) {
    case 0: return writer.AddRaft(kFirstRegion, "\xff" + RandomBytes(random, 50));
    case 1: return writer.AddRaft(kFirstRegion, Cut(Encoded(Heartbeat(view, random)), random));
    case 2: return writer.AddRaft(kFirstRegion, Encoded(Install(view, random)));
    case 3: return writer.AddRemoved(kNoRegion, PeerId(1));
    default: break;
  }
  // For a member, whose life this is not; in part to a peer that this store is no more.
  raft::Message message = Heartbeat(view, random);
  if (message.to.valid() && random.Chance(0.3)) message.to = PeerId(message.to.value() - 1);
  if (message.to.valid() && message.from != message.to) writer.AddRaft(kFirstRegion, Encoded(message));
}

Garbage AnyEnvelope(const StrangersView& view, Random& random) {
  StoreLife to{.store = view.store.store, .incarnation = view.store.incarnation};
  ClusterId cluster = view.store.cluster;
  const uint64_t wrong = random.Below(6);
  if (wrong == 0) cluster = ClusterId(cluster.value() + 1 + random.Below(100));
  if (wrong == 1) to.incarnation = Incarnation(to.incarnation.value() + 1);
  EnvelopeWriter writer(cluster, view.self, to);
  AddItem(writer, view, random);
  if (writer.empty()) writer.AddRemoved(kNoRegion, PeerId(1));
  Garbage garbage{.channel = Channel::kRaft, .bytes = writer.Take()};
  if (wrong == 2) garbage.bytes[0] = '\x7f';  // Another version.
  if (wrong == 3) garbage.bytes += '\x63';    // No item has this number.
  if (wrong == 4) garbage.bytes = Cut(std::move(garbage.bytes), random);
  return garbage;
}

Garbage AnySnapshot(const StrangersView& view, Random& random) {
  SnapshotMessage message{.kind = SnapshotMessageKind::kChunk,
                          .cluster = view.store.cluster,
                          .from = view.self,
                          .to = {.store = view.store.store, .incarnation = view.store.incarnation},
                          .region = kFirstRegion,
                          .stream = random.NextU64(),
                          .sequence = 0,
                          .complete = false,
                          .install = {},
                          .chunk = {}};
  const Bytes install = random.Chance(0.3) ? RandomBytes(random, 50) : Encoded(Install(view, random));
  const Bytes chunk = RandomBytes(random, 200);
  message.install = install;
  message.chunk = chunk;
  const uint64_t wrong = random.Below(8);
  if (wrong == 0) message.cluster = ClusterId(message.cluster.value() + 1);
  if (wrong == 1) message.to.incarnation = Incarnation(message.to.incarnation.value() + 1);
  if (wrong == 2) message.sequence = 1 + random.Below(1000);
  if (wrong == 3) message.kind = SnapshotMessageKind::kTaken;
  if (wrong == 4) message.kind = SnapshotMessageKind::kRefuse;
  Garbage garbage{.channel = Channel::kSnapshot, .bytes = EncodeSnapshotMessage(message)};
  if (wrong == 5) garbage.bytes[1] = '\x63';  // No kind has this number.
  if (wrong == 6) garbage.bytes = Cut(std::move(garbage.bytes), random);
  return garbage;
}

}  // namespace

Garbage DrawGarbage(std::string_view kind, const StrangersView& view, Random random) {
  if (kind == "bytes") return AnyBytes(random);
  if (kind == "requests") return AnyRequest(random);
  if (kind == "envelopes") return AnyEnvelope(view, random);
  ORRERY_ASSERT_THAT(kind == "snapshots", kind);
  return AnySnapshot(view, random);
}

}  // namespace orrery::faults
