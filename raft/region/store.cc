#include "raft/region/store.h"

#include "raft/core/codec.h"
#include "raft/region/peer_id.h"
#include "raft/region/region_keys.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

/// Installs and destructions at a time; more wait.
constexpr size_t kHelpersMax = 16;
/// Hashes of replicas for comparison at a time; more are skipped.
constexpr size_t kHashesMax = 4;
/// How long an apply that met full write buffers waits.
constexpr Duration kApplyRetry = milliseconds(2);

}  // namespace

Store::Store(const StoreParts& parts)
    : parts_(parts),
      transport_(parts.runtime, parts_.options, parts.cluster, parts.self, *this),
      context_{.runtime = parts.runtime,
               .engine = parts.engine,
               .committer = parts.committer,
               .logs = parts.logs,
               .options = parts_.options,
               .cluster = parts.cluster,
               .self = parts.self,
               .transport = transport_,
               .observer = parts.observer},
      frames_(parts_.options.inbox_bytes_max),
      snapshot_messages_(parts_.options.inbox_bytes_max),
      sender_(parts.runtime, parts_.options, parts.cluster, parts.self,
              [this](RegionId region, PeerId peer, bool delivered) {
                if (Peer* sending = Find(region)) sending->ReportSnapshotStatus(peer, delivered);
              }),
      receiver_(parts.runtime, parts.engine, parts_.options, parts.cluster, parts.self, *this),
      helpers_(parts.runtime.domain, "store helpers", kHelpersMax),
      hashes_(parts.runtime.domain, "store hashes", kHashesMax) {
  parts_.runtime.network.Listen(Channel::kSnapshot, this);
  parts_.committer.SetRoomCallback([this] { Wake(); });
}

Store::~Store() {
  parts_.runtime.network.Listen(Channel::kSnapshot, nullptr);
  parts_.committer.SetRoomCallback(nullptr);
  loop_.Reset();
  helpers_.KillAll();
  hashes_.KillAll();
}

Status Store::Load() {
  ORRERY_RETURN_IF_ERROR(LoadTombstones());
  for (const RegionId region : parts_.logs.Groups()) {
    auto peer = std::make_unique<Peer>(context_, static_cast<PeerHost&>(*this), *parts_.logs.Find(region));
    ORRERY_RETURN_IF_ERROR(peer->Load());
    peers_[region] = std::move(peer);
    Touch(region);
  }
  return Status::Ok();
}

Status Store::LoadTombstones() {
  const KeyRange range{
      .family = ColumnFamily::kMeta, .begin = TombstoneKey(RegionId(0)), .end = TombstoneKey(RegionId(UINT64_MAX))};
  const size_t prefix = range.begin.size() - sizeof(uint64_t);
  const std::unique_ptr<EngineIterator> row = parts_.engine.NewIterator(range);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    Decoder key(row->key().substr(prefix));
    Decoder value(row->value());
    const RegionId region(key.BigEndian64());
    tombstones_[region] = PeerId(value.Varint());
    ORRERY_RETURN_IF_ERROR(value.Finish("tombstone"));
  }
  return row->status();
}

void Store::Start() {
  next_tick_ = parts_.runtime.clock.Now() + parts_.options.tick;
  loop_ = parts_.runtime.domain.Spawn("store loop", [this] { Run(); });
}

Peer* Store::Find(RegionId region) {
  const auto found = peers_.find(region);
  return found == peers_.end() ? nullptr : found->second.get();
}

bool Store::EverInitialised() const {
  if (!tombstones_.empty()) return true;
  for (const auto& [region, peer] : peers_) {
    if (peer->initialised()) return true;
  }
  return false;
}

void Store::MarkDirty(Peer& peer) {
  dirty_.insert(peer.region());
  Wake();
}

void Store::Wake() {
  awake_ = true;
  wake_.NotifyOne();
}

void Store::Touch(RegionId region) {
  const Peer* peer = Find(region);
  if (peer == nullptr) {
    ticking_.erase(region);
    dirty_.erase(region);
    return;
  }
  if (peer->NeedsTick()) {
    if (ticking_.empty()) next_tick_ = parts_.runtime.clock.Now() + parts_.options.tick;
    ticking_.insert(region);
  } else {
    ticking_.erase(region);
  }
  if (peer->HasWork()) dirty_.insert(region);
  if (!peer->settled()) apply_blocked_ = true;
}

bool Store::HasInput() const {
  return !frames_.empty() || !snapshot_messages_.empty() || !unreachable_.empty() || !persisted_.empty() ||
         !staged_.empty() || !to_destroy_.empty() || !snapshots_wanted_.empty() || !dirty_.empty();
}

void Store::Run() {
  while (true) {
    if (awake_ || (HasInput() && !unsubmitted_)) {
      // What is on its way in right now joins this turn.
      parts_.runtime.scheduler.Yield();
    } else {
      Instant until = ticking_.empty() ? Instant::Max() : next_tick_;
      if (apply_blocked_) until = std::min(until, parts_.runtime.clock.Now() + kApplyRetry);
      (void)wake_.WaitUntil(Deadline::At(until));
    }
    awake_ = false;
    ++turns_;
    TakeInput();
    TickIfDue();
    Turn();
  }
}

void Store::TakeInput() {
  for (const Bytes& frame : frames_.Take()) DispatchFrame(frame);
  for (Bytes& message : snapshot_messages_.Take()) DispatchSnapshot(std::move(message));
  std::set<StoreId> unreachable;
  unreachable.swap(unreachable_);
  for (const StoreId store : unreachable) {
    for (auto& [region, peer] : peers_) peer->ReportUnreachable(store);
  }
  std::vector<PersistTicket> persisted;
  persisted.swap(persisted_);
  for (size_t i = 0; i < persisted.size(); ++i) {
    const PersistTicket& ticket = persisted[i];
    // The last word on a peer says it all.
    const bool superseded =
        i + 1 < persisted.size() && persisted[i + 1].region == ticket.region && persisted[i + 1].peer == ticket.peer;
    Peer* peer = Find(ticket.region);
    if (superseded || peer == nullptr || peer->id() != ticket.peer) continue;
    peer->OnPersisted(ticket.number);
    dirty_.insert(ticket.region);
  }
}

/// One tick at most, however late: ticks never run faster than time, and a store that was paused first hears what
/// was sent to it meanwhile.
void Store::TickIfDue() {
  const Instant now = parts_.runtime.clock.Now();
  if (ticking_.empty() || now < next_tick_) return;
  if (now >= next_tick_ + 5 * parts_.options.tick) ORRERY_PROBE(parts_.runtime.probes, "region.store.paused");
  next_tick_ = now + parts_.options.tick;
  const std::set<RegionId> ticking = ticking_;
  for (const RegionId region : ticking) {
    if (Peer* peer = Find(region)) {
      peer->Tick();
      dirty_.insert(region);
    }
  }
}

void Store::Turn() {
  if (unsubmitted_) {
    Submission again = *std::move(unsubmitted_);
    unsubmitted_.reset();
    if (!Submit(std::move(again))) return;
  }
  StepStaged();
  if (unsubmitted_) return;
  std::set<RegionId> regions;
  regions.swap(dirty_);
  if (apply_blocked_) {
    apply_blocked_ = false;
    for (const auto& [region, peer] : peers_) {
      if (!peer->settled()) regions.insert(region);
    }
  }
  Submission submission;
  submission.batch.Append(carried_);
  carried_.Clear();
  for (const RegionId region : regions) {
    if (Peer* peer = Find(region)) peer->CollectReady(submission.batch, submission.tickets);
  }
  transport_.Flush();
  (void)Submit(std::move(submission));
  for (const RegionId region : regions) {
    if (Peer* peer = Find(region)) peer->ApplyCommitted();
  }
  // Destruction is handed in behind everything else of the region.
  if (!unsubmitted_) DestroyPeers();
  BeginSnapshotSends();
  for (const RegionId region : regions) Touch(region);
}

/// False if the committer's queue is full: it was kept, and nothing more may be collected before it is in.
bool Store::Submit(Submission submission) {
  if (submission.batch.empty() && submission.tickets.empty()) return true;
  const Durability durability = submission.tickets.empty() ? Durability::kBuffered : Durability::kSync;
  auto done = [this, tickets = submission.tickets](const Status& status) {
    if (!status.ok()) return;  // The process is ending: what is not durable is not promised.
    persisted_.insert(persisted_.end(), tickets.begin(), tickets.end());
    Wake();
  };
  if (parts_.committer.TrySubmit(submission.batch, durability, std::move(done))) return true;
  ORRERY_PROBE(parts_.runtime.probes, "region.store.committer_full");
  unsubmitted_ = std::move(submission);
  return false;
}

Status Store::Initialise(RegionId region, const raft::ConfState& conf) {
  const MutexLock lock(initialising_);
  ORRERY_RETURN_IF_ERROR(conf.Check());
  Bytes wanted;
  raft::EncodeConfState(conf, wanted);
  ORRERY_ASSIGN_OR_RETURN(const std::optional<Bytes> present,
                          parts_.engine.Get(ColumnFamily::kMeta, kClusterRecordKey));
  if (present && *present == wanted) return Status::Ok();
  PeerId self;
  for (const raft::Member& member : conf.members) {
    ORRERY_ASSIGN_OR_RETURN(const PeerAddress address, DecodePeerAddress(member.context.view()));
    if (address.life == parts_.self) self = member.peer;
    if (AddedAt(member.peer) != LogIndex(0)) {
      return Status(StatusCode::kInvalidArgument, "founding members are numbered from 1 to 255");
    }
  }
  // The other founders are a quorum and do not wait: their leader may have named this peer before this call could.
  const Peer* named = Find(region);
  if (!present && self.valid() && named != nullptr && named->id() == self) {
    ORRERY_PROBE(parts_.runtime.probes, "region.store.named_before_initialised");
    return Status::Ok();
  }
  if (present || !peers_.empty() || !tombstones_.empty()) {
    return Status(StatusCode::kAlreadyExists, "the store was initialised before, with other members");
  }
  if (!self.valid()) {
    return Status(StatusCode::kInvalidArgument, "this store's present life is not among the members");
  }
  WriteBatch batch;
  GroupLog& log = parts_.logs.Create(batch, region, raft::kBootstrapIndex, raft::kBootstrapTerm);
  GroupStorage storage(log);
  const raft::InitialState initial = raft::BootstrapState(conf);
  storage.PutRegion(batch, RegionRecord{.self = self, .sessions_stored = initial.applied});
  storage.PutApplied(batch, ApplyRecord{.applied = initial.applied, .term = raft::kBootstrapTerm, .conf = conf});
  raft::Ready hard_state;
  hard_state.hard_state = initial.hard_state;
  storage.Put(batch, hard_state);
  batch.Put(ColumnFamily::kMeta, kClusterRecordKey, wanted);
  ORRERY_RETURN_IF_ERROR(parts_.committer.Commit(batch, Durability::kSync));
  auto peer = std::make_unique<Peer>(context_, static_cast<PeerHost&>(*this), log);
  ORRERY_RETURN_IF_ERROR(peer->Load());
  peers_[region] = std::move(peer);
  Touch(region);
  Wake();
  return Status::Ok();
}

bool Store::HandOverLeaderships() {
  bool leads = false;
  for (auto& [region, peer] : peers_) {
    if (!peer->is_leader() || peer->stopped()) continue;
    const PeerId target = peer->BestTransferTarget();
    if (!target.valid()) continue;
    leads = true;
    // Asked again until somebody took over or the patience ends.
    peer->TransferLeader(target).IgnoreError();
  }
  return !leads;
}

}  // namespace orrery
