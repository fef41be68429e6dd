#include "faults/garbage.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "raft/core/codec.h"
#include "raft/region/snapshot_message.h"
#include "runtime/rpc/rpc_frame.h"
#include "storage/snapshot_chunk.h"

namespace orrery::faults {
namespace {

constexpr PeerId kPeer{3};

StrangersView View() {
  IdentifyResponse store{.cluster = ClusterId(7), .store = StoreId(3), .incarnation = Incarnation(33)};
  for (uint64_t id = 1; id <= 3; ++id) {
    store.members.push_back(Member{
        .store = StoreId(id), .incarnation = Incarnation(id * 11), .peer = PeerId(id), .role = MemberRole::kVoter});
  }
  return {.store = store, .self = {.store = StoreId(999), .incarnation = Incarnation(5)}};
}

/// Why a store refuses an item; "believed" if nothing is wrong with it.
std::string WhyRefused(const EnvelopeItem& item) {
  if (item.region != kFirstRegion) return "no such region";
  if (item.kind == EnvelopeItemKind::kRemoved) return item.removed == kPeer ? "believed" : "of another peer";
  const Result<raft::Message> message = raft::DecodeMessage(item.message);
  if (!message.ok()) return "no message";
  if (std::holds_alternative<raft::InstallSnapshot>(message->body)) return "no business here";
  if (message->to < kPeer) return "to an earlier peer";
  for (const Member& member : View().store.members) {
    if (message->from == member.peer) return "from another life of the member";
  }
  return "believed";
}

std::string WhyRefusedEnvelope(ByteView bytes) {
  const Result<Envelope> envelope = DecodeEnvelope(bytes);
  if (!envelope.ok()) return "no envelope";
  if (envelope->cluster != View().store.cluster) return "another cluster";
  if (envelope->to != StoreLife{View().store.store, View().store.incarnation}) return "another life";
  return envelope->items.empty() ? "empty" : WhyRefused(envelope->items.front());
}

std::string WhyRefusedSnapshot(ByteView bytes) {
  const Result<SnapshotMessage> message = DecodeSnapshotMessage(bytes);
  if (!message.ok()) return "no snapshot message";
  if (message->cluster != View().store.cluster) return "another cluster";
  if (message->to != StoreLife{View().store.store, View().store.incarnation}) return "another life";
  if (message->kind != SnapshotMessageKind::kChunk) return "answer to nobody";
  if (!raft::DecodeMessage(message->install).ok()) return "no install message";
  return DecodeSnapshotChunk(message->chunk).ok() ? "believed" : "no chunk";
}

std::map<std::string, int> Reasons(std::string_view kind, Channel channel, std::string (*why)(ByteView)) {
  std::map<std::string, int> reasons;
  for (uint64_t i = 0; i < 5000; ++i) {
    const Garbage garbage = DrawGarbage(kind, View(), Random(i));
    if (garbage.channel == channel) ++reasons[why(garbage.bytes)];
  }
  return reasons;
}

TEST_CASE("Garbage: envelopes are wrong in every way a store can see, and in no other") {
  const auto reasons = Reasons("envelopes", Channel::kRaft, WhyRefusedEnvelope);
  for (const char* reason : {"no envelope", "another cluster", "another life", "no message", "no business here",
                             "no such region", "to an earlier peer", "from another life of the member"}) {
    CAPTURE(reason);
    CHECK(reasons.contains(reason));
  }
  CHECK_FALSE(reasons.contains("believed"));
}

TEST_CASE("Garbage: snapshot messages are wrong in every way a store can see, and in no other") {
  const auto reasons = Reasons("snapshots", Channel::kSnapshot, WhyRefusedSnapshot);
  for (const char* reason : {"no snapshot message", "another cluster", "another life", "answer to nobody",
                             "no install message", "no chunk"}) {
    CAPTURE(reason);
    CHECK(reasons.contains(reason));
  }
  CHECK_FALSE(reasons.contains("believed"));
}

TEST_CASE("Garbage: bytes come on every channel and are never believed") {
  CHECK_FALSE(Reasons("bytes", Channel::kRaft, WhyRefusedEnvelope).contains("believed"));
  CHECK_FALSE(Reasons("bytes", Channel::kSnapshot, WhyRefusedSnapshot).contains("believed"));
  const auto rpc = Reasons("bytes", Channel::kRpc, [](ByteView bytes) {
    return std::string(DecodeRpcRequest(bytes).ok() ? "request" : DecodeRpcResponse(bytes).ok() ? "answer" : "nothing");
  });
  CHECK(rpc.contains("nothing"));
}

TEST_CASE("Garbage: one key, one message; a store that told nothing is spoken to as well") {
  for (const std::string_view kind : {"bytes", "requests", "envelopes", "snapshots"}) {
    CHECK(DrawGarbage(kind, View(), Random(4)).bytes == DrawGarbage(kind, View(), Random(4)).bytes);
    for (uint64_t i = 0; i < 500; ++i) CHECK(DrawGarbage(kind, {}, Random(i)).bytes.size() < 1000);
  }
}

}  // namespace
}  // namespace orrery::faults
