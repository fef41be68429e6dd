#include "raft/core/codec.h"
#include "raft/region/store.h"
#include "runtime/base/probe.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

// What arrives from other stores.

namespace orrery {

void Store::OnFrame(Endpoint, Bytes frame) {
  // Legal: the loop may stand still at any time, until what came before fills the inbox.
  const bool full = parts_.runtime.probes.Buggify("region.store.inbox_full", 0.02);
  if (full || !frames_.TryPut(std::move(frame))) ORRERY_PROBE(parts_.runtime.probes, "region.store.frame_dropped");
  Wake();
}

void Store::OnMessage(Endpoint, Bytes message) {
  if (!snapshot_messages_.TryPut(std::move(message))) {
    ORRERY_PROBE(parts_.runtime.probes, "region.store.snapshot_message_dropped");
  }
  Wake();
}

void Store::OnUnreachable(StoreId store) {
  unreachable_.insert(store);
  Wake();
}

void Store::DispatchFrame(ByteView frame) {
  const Result<Envelope> decoded = DecodeEnvelope(frame);
  if (!decoded.ok()) {
    ORRERY_PROBE(parts_.runtime.probes, "region.envelope.malformed");
    ORRERY_LOG(parts_.runtime.log, LogLevel::kWarn, "region", "{}", decoded.status().ToString());
    return;
  }
  const Envelope& envelope = decoded.value();
  if (envelope.cluster != parts_.cluster) {
    ORRERY_PROBE(parts_.runtime.probes, "region.envelope.wrong_cluster");
    return;
  }
  // Meant for what stood here before a disk was lost: none of its promises are ours.
  if (envelope.to != parts_.self) {
    ORRERY_PROBE(parts_.runtime.probes, "region.envelope.wrong_life");
    return;
  }
  for (const EnvelopeItem& item : envelope.items) {
    if (item.kind == EnvelopeItemKind::kRaft) {
      DispatchRaft(envelope.from, item.region, item.message);
      continue;
    }
    Peer* peer = Find(item.region);
    if (peer != nullptr && peer->id() == item.removed) peer->OnRemovedNotice();
  }
}

void Store::DispatchRaft(const StoreLife& from, RegionId region, ByteView bytes) {
  const Result<raft::Message> message = raft::DecodeMessage(bytes);
  if (!message.ok()) {
    ORRERY_PROBE(parts_.runtime.probes, "region.envelope.bad_message");
    ORRERY_LOG(parts_.runtime.log, LogLevel::kWarn, "region", "{}", message.status().ToString());
    return;
  }
  // These come with their content, by the snapshot receiver.
  if (std::holds_alternative<raft::InstallSnapshot>(message.value().body)) {
    ORRERY_PROBE(parts_.runtime.probes, "region.envelope.bad_message");
    return;
  }
  Peer* peer = FindOrCreate(from, region, message.value());
  if (peer == nullptr) return;
  peer->Step(from, message.value());
  dirty_.insert(region);
}

/// A leader's word to a peer that does not exist yet creates it: its store's life was named, so it was added.
Peer* Store::FindOrCreate(const StoreLife&, RegionId region, const raft::Message& message) {
  Peer* peer = Find(region);
  if (peer != nullptr && peer->id() == message.to) return peer;
  if (peer != nullptr) {
    if (message.to < peer->id()) {
      ORRERY_PROBE(parts_.runtime.probes, "region.peer.stale_message");
      return nullptr;
    }
    // This store was removed and added again, and has not heard of the first.
    ORRERY_PROBE(parts_.runtime.probes, "region.peer.replaced");
    if (!peer->installing()) to_destroy_.insert(region);
    return nullptr;
  }
  const bool from_leader = std::holds_alternative<raft::AppendRequest>(message.body) ||
                           std::holds_alternative<raft::HeartbeatRequest>(message.body);
  if (!from_leader || !MayCreate(region, message.to)) {
    ORRERY_PROBE(parts_.runtime.probes, "region.peer.unknown");
    return nullptr;
  }
  return CreatePeer(region, message.to);
}

bool Store::MayCreate(RegionId region, PeerId id) const {
  if (leaving_.count(region) > 0) return false;
  // Also set while Initialise waits for its batch.
  if (parts_.logs.Find(region) != nullptr) return false;
  const auto tombstone = tombstones_.find(region);
  return tombstone == tombstones_.end() || tombstone->second < id;
}

Peer* Store::CreatePeer(RegionId region, PeerId id) {
  ORRERY_PROBE(parts_.runtime.probes, "region.peer.created");
  GroupLog& log = parts_.logs.Create(carried_, region, LogIndex(0), Term(0));
  auto peer = std::make_unique<Peer>(context_, static_cast<PeerHost&>(*this), log);
  peer->InitNew(carried_, id);
  if (const Status loaded = peer->Load(); !loaded.ok()) {
    parts_.runtime.process.Exit(loaded.Wrap("new replica of region " + ToString(region)));
    return nullptr;
  }
  ORRERY_LOG(parts_.runtime.log, LogLevel::kInfo, "region", "region {}: became peer {}", region.value(), id.value());
  Peer* created = peer.get();
  peers_[region] = std::move(peer);
  return created;
}

void Store::DispatchSnapshot(Bytes bytes) {
  const Result<SnapshotMessage> message = DecodeSnapshotMessage(bytes);
  if (!message.ok()) {
    ORRERY_PROBE(parts_.runtime.probes, "region.snapshot.malformed");
    return;
  }
  if (message.value().cluster != parts_.cluster || message.value().to != parts_.self) {
    ORRERY_PROBE(parts_.runtime.probes, "region.snapshot.wrong_life");
    return;
  }
  if (message.value().kind == SnapshotMessageKind::kChunk) {
    receiver_.OnChunk(std::move(bytes));
  } else {
    sender_.OnAnswer(message.value());
  }
}

}  // namespace orrery
