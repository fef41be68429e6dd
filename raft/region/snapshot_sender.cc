#include "raft/region/snapshot_sender.h"

#include "raft/region/options.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/network.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

/// Unheard chunks are sent again this often within the patience.
constexpr int kResendsPerPatience = 8;

}  // namespace

SnapshotSender::SnapshotSender(Runtime& runtime, const RegionOptions& options, ClusterId cluster, StoreLife self,
                               Done done)
    : runtime_(runtime),
      options_(options),
      cluster_(cluster),
      self_(self),
      done_(std::move(done)),
      next_stream_(runtime.random.Split("snapshot streams").key()),
      fibers_(runtime.domain, "snapshot senders", options.snapshot_sends_max) {}

SnapshotSender::~SnapshotSender() {
  fibers_.KillAll();
}

bool SnapshotSender::Sending(RegionId region, PeerId peer) const {
  for (const auto& [id, stream] : streams_) {
    if (stream->snapshot.region == region && stream->snapshot.peer == peer) return true;
  }
  return false;
}

bool SnapshotSender::TryBegin(SnapshotToSend snapshot) {
  if (fibers_.full() || Sending(snapshot.region, snapshot.peer)) return false;
  const uint64_t id = ++next_stream_;
  Stream& stream = *streams_.emplace(id, std::make_unique<Stream>()).first->second;
  stream.snapshot = std::move(snapshot);
  const FiberName name("snapshot sender", HashCombine(stream.snapshot.region.value(), stream.snapshot.peer.value()));
  if (fibers_.TrySpawn(name, [this, id, &stream] { Run(id, stream); })) return true;
  streams_.erase(id);
  return false;
}

void SnapshotSender::Run(uint64_t id, Stream& stream) {
  const RegionId region = stream.snapshot.region;
  const PeerId peer = stream.snapshot.peer;
  ORRERY_LOG(runtime_.log, LogLevel::kInfo, "snapshot", "region {}: sending to peer {} on store {}", region.value(),
             peer.value(), stream.snapshot.to.store.value());
  RangeExport source(std::move(stream.snapshot.state), std::move(stream.snapshot.ranges),
                     RangeExport::Options{.chunk_bytes = options_.snapshot_chunk_bytes, .probes = &runtime_.probes});
  Instant last_progress = runtime_.clock.Now();
  bool going = true;
  while (going && !stream.complete) going = Fill(id, stream, source) && AwaitProgress(stream, &last_progress);
  const bool delivered = stream.complete;
  if (!delivered) ORRERY_PROBE(runtime_.probes, "region.snapshot.send_failed");
  streams_.erase(id);
  done_(region, peer, delivered);
}

/// Reads and sends chunks until the window is full. False if the state cannot be read: then the store stops, because a
/// replica that is unreadable must not lead, and nobody could ever be sent it.
bool SnapshotSender::Fill(uint64_t id, Stream& stream, RangeExport& source) {
  while (!stream.exhausted && !stream.recovering() && stream.window.size() < options_.snapshot_window_chunks) {
    const Result<std::optional<Bytes>> chunk = source.NextChunk();
    if (!chunk.ok()) {
      runtime_.process.Exit(chunk.status().Wrap("sending region " + ToString(stream.snapshot.region)));
      return false;
    }
    if (!chunk.value()) {
      stream.exhausted = true;
      break;
    }
    const SnapshotMessage message{.cluster = cluster_,
                                  .from = self_,
                                  .to = stream.snapshot.to,
                                  .region = stream.snapshot.region,
                                  .stream = id,
                                  .sequence = stream.sent++,
                                  .install = stream.snapshot.install,
                                  .chunk = *chunk.value()};
    stream.window.push_back(EncodeSnapshotMessage(message));
    if (stream.recovering()) {  // Since the read began: its turn comes after what is missing.
      ORRERY_PROBE(runtime_.probes, "region.snapshot.read_into_recovery");
      stream.recover_until = stream.sent;
    } else {
      SendMessage(stream, stream.window.back());
    }
  }
  return true;
}

/// Waits until the receiver took something. False if it refused, or was silent for too long.
bool SnapshotSender::AwaitProgress(Stream& stream, Instant* last_progress) {
  const uint64_t acknowledged = stream.acknowledged;
  while (!stream.complete && !stream.refused && stream.acknowledged == acknowledged) {
    const Instant now = runtime_.clock.Now();
    if (now >= *last_progress + options_.snapshot_patience) return false;
    if (stream.progress.WaitUntil(Deadline::After(now, options_.snapshot_patience / kResendsPerPatience))) continue;
    ORRERY_PROBE(runtime_.probes, "region.snapshot.resent");
    stream.recover_until = stream.sent;
    for (const Bytes& message : stream.window) SendMessage(stream, message);  // A connection may have taken them along.
  }
  *last_progress = runtime_.clock.Now();
  return !stream.refused;
}

void SnapshotSender::SendMessage(const Stream& stream, const Bytes& message) {
  runtime_.network.Send(Endpoint{NodeIdOf(stream.snapshot.to.store)}, Channel::kSnapshot, message);
}

void SnapshotSender::OnAnswer(const SnapshotMessage& message) {
  const auto found = streams_.find(message.stream);
  if (found == streams_.end()) return;
  Stream& stream = *found->second;
  if (message.from != stream.snapshot.to) return;
  if (message.kind == SnapshotMessageKind::kRefuse) {
    ORRERY_PROBE(runtime_.probes, "region.snapshot.refused");
    stream.refused = true;
  } else {
    OnTaken(stream, message);
  }
  stream.progress.NotifyAll();
}

void SnapshotSender::OnTaken(Stream& stream, const SnapshotMessage& message) {
  const uint64_t before = stream.acknowledged;
  const uint64_t taken = std::min(message.sequence, stream.sent);
  for (; stream.acknowledged < taken; ++stream.acknowledged) stream.window.pop_front();
  stream.complete |= message.complete;
  if (stream.window.empty()) return;
  const bool gap = taken == before && before > stream.recover_until;
  if (gap) {
    ORRERY_PROBE(runtime_.probes, "region.snapshot.gap_heard");
    stream.recover_until = stream.sent;
  }
  if (gap || (taken > before && stream.recovering())) SendMessage(stream, stream.window.front());
}

}  // namespace orrery
