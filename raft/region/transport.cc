#include "raft/region/transport.h"

#include "raft/core/codec.h"
#include "raft/region/options.h"
#include "runtime/base/probe.h"
#include "runtime/runtime.h"

namespace orrery {

RaftTransport::RaftTransport(Runtime& runtime, const RegionOptions& options, ClusterId cluster, StoreLife self,
                             Listener& listener)
    : runtime_(runtime), options_(options), cluster_(cluster), self_(self), listener_(listener) {
  runtime_.network.Listen(Channel::kRaft, this);
}

RaftTransport::~RaftTransport() {
  runtime_.network.Listen(Channel::kRaft, nullptr);
}

RaftTransport::Outbox& RaftTransport::OutboxFor(const StoreLife& to) {
  const auto key = std::pair(to.store, to.incarnation);
  const auto found = outboxes_.find(key);
  if (found != outboxes_.end()) return found->second;
  return outboxes_.emplace(key, Outbox{.writer = EnvelopeWriter(cluster_, self_, to)}).first->second;
}

void RaftTransport::Send(const StoreLife& to, RegionId region, const raft::Message& message) {
  Outbox& outbox = OutboxFor(to);
  scratch_.clear();
  raft::EncodeMessage(message, scratch_);
  outbox.writer.AddRaft(region, scratch_);
  if (outbox.writer.size_bytes() >= options_.frame_bytes_max) FlushOne(to, outbox);
}

void RaftTransport::SendRemoved(const StoreLife& to, RegionId region, PeerId removed) {
  OutboxFor(to).writer.AddRemoved(region, removed);
}

void RaftTransport::Flush() {
  for (auto& [key, outbox] : outboxes_) {
    if (!outbox.writer.empty()) FlushOne(StoreLife{key.first, key.second}, outbox);
  }
}

void RaftTransport::FlushOne(const StoreLife& to, Outbox& outbox) {
  const Endpoint endpoint{NodeIdOf(to.store)};
  Bytes frame = outbox.writer.Take();
  const size_t queued = runtime_.network.QueuedBytes(endpoint);
  // A connection that takes nothing must not take our memory; the follower is probed when it is back.
  if (queued > 0 && queued + frame.size() > options_.send_queue_bytes_max) {
    ORRERY_PROBE(runtime_.probes, "region.transport.queue_full");
    listener_.OnUnreachable(to.store);
    return;
  }
  ++frames_sent_;
  runtime_.network.Send(endpoint, Channel::kRaft, std::move(frame));
}

void RaftTransport::OnMessage(Endpoint from, Bytes message) {
  listener_.OnFrame(from, std::move(message));
}

void RaftTransport::OnDisconnect(Endpoint peer) {
  if (!IsClientNode(peer.node)) listener_.OnUnreachable(StoreId(peer.node.value()));
}

}  // namespace orrery
