#include "raft/region/snapshot_receiver.h"

#include "raft/core/codec.h"
#include "raft/region/options.h"
#include "raft/region/region_keys.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/log.h"
#include "runtime/network.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

Bytes ImportKey(RegionId region) {
  Bytes key;
  Encoder(key).BigEndian64(region.value());
  return key;
}

Result<raft::Message> DecodeInstall(ByteView bytes) {
  ORRERY_ASSIGN_OR_RETURN(raft::Message message, raft::DecodeMessage(bytes));
  if (!std::holds_alternative<raft::InstallSnapshot>(message.body)) {
    return Status(StatusCode::kCorruption, "snapshot message: not an install message");
  }
  return message;
}

}  // namespace

SnapshotReceiver::SnapshotReceiver(Runtime& runtime, Engine& engine, const RegionOptions& options, ClusterId cluster,
                                   StoreLife self, Listener& listener)
    : runtime_(runtime), engine_(engine), options_(options), cluster_(cluster), self_(self), listener_(listener) {}

SnapshotReceiver::~SnapshotReceiver() {
  for (auto& [region, incoming] : incoming_) incoming->fiber.Reset();
  for (auto& incoming : finished_) incoming->fiber.Reset();
}

void SnapshotReceiver::OnChunk(Bytes bytes) {
  std::erase_if(finished_, [](const auto& incoming) { return !incoming->fiber.running(); });
  const Result<SnapshotMessage> decoded = DecodeSnapshotMessage(bytes);
  if (!decoded.ok()) return;  // Counted by whoever looked at it first.
  const SnapshotMessage& message = decoded.value();
  Result<raft::Message> install = DecodeInstall(message.install);
  if (!install.ok()) {
    ORRERY_PROBE(runtime_.probes, "region.snapshot.malformed");
    return;
  }
  const auto found = incoming_.find(message.region);
  const bool known = found != incoming_.end() && found->second->stream == message.stream;
  if (known && message.sequence < found->second->taken) {
    return Answer(message, SnapshotMessageKind::kTaken, found->second->taken, found->second->staged);
  }
  // All of another one is here, and Raft is about to look at it. Its sender will repeat this.
  if (!known && found != incoming_.end() && found->second->staged) return;
  if (!known) {
    if (message.sequence != 0) return;  // The middle of something forgotten: its sender will begin again.
    const bool room = found != incoming_.end() || incoming_.size() < options_.snapshot_receives_max;
    if (!room || !listener_.MayReceive(message.region, install->to)) {
      return Answer(message, SnapshotMessageKind::kRefuse, 0, false);
    }
    Begin(message, *std::move(install));
  }
  Incoming& incoming = *incoming_.at(message.region);
  if (incoming.staged || incoming.chunks.size() >= options_.snapshot_window_chunks) return;
  incoming.chunks.push_back(std::move(bytes));
  incoming.work.NotifyAll();
}

void SnapshotReceiver::Begin(const SnapshotMessage& message, raft::Message install) {
  Drop(message.region);
  auto incoming = std::make_unique<Incoming>();
  incoming->stream = message.stream;
  incoming->from = message.from;
  incoming->install = std::move(install);
  Incoming& place = *incoming;
  const RegionId region = message.region;
  incoming_[region] = std::move(incoming);
  place.fiber = runtime_.domain.Spawn(FiberName("snapshot receiver", HashCombine(region.value(), message.stream)),
                                      [this, region, &place] { Run(region, place); });
}

void SnapshotReceiver::Run(RegionId region, Incoming& incoming) {
  const KeyRange ranges[] = {DataRange("", nullptr), SessionRange(region)};
  Result<std::unique_ptr<RangeImport>> import = engine_.BeginImport(ImportKey(region), ranges);
  if (!import.ok()) {
    ORRERY_LOG(runtime_.log, LogLevel::kError, "snapshot", "{}", import.status().ToString());
    return Finish(region, incoming);
  }
  incoming.import = *std::move(import);
  while (!incoming.import->complete()) {
    const Deadline patience = Deadline::After(runtime_.clock.Now(), options_.snapshot_patience);
    if (incoming.chunks.empty() && !incoming.work.WaitUntil(patience)) {
      ORRERY_PROBE(runtime_.probes, "region.snapshot.receive_abandoned");
      return Finish(region, incoming);
    }
    while (!incoming.chunks.empty() && !incoming.import->complete()) {
      if (!StageOne(region, incoming)) return Finish(region, incoming);
    }
  }
}

bool SnapshotReceiver::StageOne(RegionId region, Incoming& incoming) {
  const Bytes bytes = std::move(incoming.chunks.front());
  incoming.chunks.pop_front();
  const SnapshotMessage message = DecodeSnapshotMessage(bytes).value();
  if (message.sequence == incoming.taken) {
    const Status added = incoming.import->AddChunk(message.chunk);
    if (!added.ok()) {
      ORRERY_PROBE(runtime_.probes, "region.snapshot.bad_chunk");
      ORRERY_LOG(runtime_.log, LogLevel::kWarn, "snapshot", "region {}: {}", region.value(), added.ToString());
      Answer(message, SnapshotMessageKind::kRefuse, 0, false);
      return false;
    }
    ++incoming.taken;
    if (incoming.import->complete()) {
      incoming.staged = true;
      listener_.OnStaged(region, incoming.from, incoming.install);
    }
  }
  Answer(message, SnapshotMessageKind::kTaken, incoming.taken, incoming.staged);
  return true;
}

/// Ends an attempt from within its own fiber, which therefore must outlive this call.
void SnapshotReceiver::Finish(RegionId region, Incoming& incoming) {
  incoming.import.reset();
  const auto found = incoming_.find(region);
  if (found == incoming_.end() || found->second.get() != &incoming) return;
  finished_.push_back(std::move(found->second));
  incoming_.erase(found);
}

bool SnapshotReceiver::HasStaged(RegionId region, LogIndex index, Term term) const {
  const auto found = incoming_.find(region);
  if (found == incoming_.end() || !found->second->staged) return false;
  const raft::SnapshotMeta& meta = std::get<raft::InstallSnapshot>(found->second->install.body).meta;
  return meta.index == index && meta.term == term;
}

std::unique_ptr<RangeImport> SnapshotReceiver::TakeStaged(RegionId region, LogIndex index, Term term) {
  if (!HasStaged(region, index, term)) return nullptr;
  return std::move(incoming_.at(region)->import);
}

void SnapshotReceiver::Drop(RegionId region) {
  const auto found = incoming_.find(region);
  if (found == incoming_.end()) return;
  found->second->fiber.Reset();
  incoming_.erase(found);
}

void SnapshotReceiver::Answer(const SnapshotMessage& message, SnapshotMessageKind kind, uint64_t taken, bool complete) {
  const SnapshotMessage answer{.kind = kind,
                               .cluster = cluster_,
                               .from = self_,
                               .to = message.from,
                               .region = message.region,
                               .stream = message.stream,
                               .sequence = taken,
                               .complete = complete};
  runtime_.network.Send(Endpoint{NodeIdOf(message.from.store)}, Channel::kSnapshot, EncodeSnapshotMessage(answer));
}

}  // namespace orrery
