#include "raft/core/codec.h"
#include "raft/region/observer.h"
#include "raft/region/region_keys.h"
#include "raft/region/store.h"
#include "runtime/base/probe.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

// Whole replicas: sending, installing, hashing and destroying them.

namespace orrery {
namespace {

/// Checksums for clients at a time; more are refused.
constexpr size_t kChecksumsMax = 4;

/// One more for the length of a scope.
class [[nodiscard]] Counted {
 public:
  explicit Counted(size_t& count) : count_(++count) {}
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  size_t& count_;
};

}  // namespace

void Store::WantSnapshotSent(Peer& peer, const raft::Message& request) {
  snapshots_wanted_.emplace_back(peer.region(), request);
}

/// At the end of a turn: the engine then holds exactly what the peers have applied.
void Store::BeginSnapshotSends() {
  std::vector<std::pair<RegionId, raft::Message>> wanted;
  wanted.swap(snapshots_wanted_);
  for (auto& [region, message] : wanted) {
    Peer* peer = Find(region);
    if (peer == nullptr || !peer->is_leader()) continue;
    const raft::Member* member = peer->conf().Find(message.to);
    bool begun = false;
    if (member != nullptr && peer->settled() && !peer->stopped()) {
      const Result<PeerAddress> address = DecodePeerAddress(member->context.view());
      auto& install = std::get<raft::InstallSnapshot>(message.body);
      install.meta = peer->AppliedMeta();
      const StoreLife to = address.value().life;
      SnapshotToSend snapshot{.region = region, .peer = message.to, .to = to};
      raft::EncodeMessage(message, snapshot.install);
      snapshot.state = parts_.engine.TakeSnapshot();
      snapshot.ranges = {DataRange("", nullptr), SessionRange(region)};
      begun = sender_.TryBegin(std::move(snapshot));
      if (begun && parts_.observer != nullptr) parts_.observer->OnSnapshotSending(region, to.store);
    }
    // Raft asks again.
    if (!begun && !sender_.Sending(region, message.to)) {
      ORRERY_PROBE(parts_.runtime.probes, "region.snapshot.send_deferred");
      peer->ReportSnapshotStatus(message.to, false);
    }
  }
}

bool Store::MayReceive(RegionId region, PeerId to) {
  const Peer* peer = Find(region);
  return peer != nullptr && peer->id() == to && !peer->installing() && !peer->stopped();
}

void Store::OnStaged(RegionId region, const StoreLife& from, const raft::Message& install) {
  staged_.push_back(StagedSnapshot{.region = region, .from = from, .install = install});
  Wake();
}

void Store::StepStaged() {
  std::vector<StagedSnapshot> staged;
  staged.swap(staged_);
  for (const StagedSnapshot& snapshot : staged) {
    Peer* peer = Find(snapshot.region);
    if (peer == nullptr || peer->installing()) continue;
    if (unsubmitted_) {
      staged_.push_back(snapshot);
      continue;
    }
    // Raft must not accept what is no longer there to be installed.
    const raft::SnapshotMeta& meta = std::get<raft::InstallSnapshot>(snapshot.install.body).meta;
    if (!receiver_.HasStaged(snapshot.region, meta.index, meta.term)) continue;
    peer->Step(snapshot.from, snapshot.install);
    Submission submission;
    submission.batch.Append(carried_);
    carried_.Clear();
    peer->CollectReady(submission.batch, submission.tickets);
    (void)Submit(std::move(submission));
    dirty_.insert(snapshot.region);
    if (!peer->installing()) {
      ORRERY_PROBE(parts_.runtime.probes, "region.snapshot.not_wanted");
      receiver_.Drop(snapshot.region);
    }
  }
}

void Store::WantInstalled(Peer& peer, raft::Ready ready) {
  const RegionId region = peer.region();
  auto shared = std::make_shared<raft::Ready>(std::move(ready));
  helpers_.Run(FiberName("install", region.value()), [this, region, shared] { Install(region, *shared); });
}

/// The replica rests meanwhile: nothing of it is collected or applied.
void Store::Install(RegionId region, raft::Ready ready) {
  std::unique_ptr<RangeImport> import = receiver_.TakeStaged(region, ready.snapshot->index, ready.snapshot->term);
  ORRERY_ASSERT(import != nullptr);
  // Everything handed in for this region before must be in the engine before its ranges are replaced.
  WriteBatch barrier;
  barrier.Put(ColumnFamily::kMeta, "u/barrier", "");
  Status status = parts_.committer.Commit(barrier, Durability::kSync);
  Peer* peer = Find(region);
  ORRERY_ASSERT(peer != nullptr);
  if (status.ok()) {
    WriteBatch final_batch;
    peer->PutInstalled(final_batch, ready);
    status = import->Finish(final_batch);
  }
  import.reset();
  if (status.ok()) status = peer->OnInstalled(ready);
  receiver_.Drop(region);
  if (!status.ok()) {
    parts_.runtime.process.Exit(status.Wrap("installing a snapshot of region " + ToString(region)));
    return;
  }
  ORRERY_LOG(parts_.runtime.log, LogLevel::kInfo, "snapshot", "region {}: installed as of {}", region.value(),
             ready.snapshot->index.value());
  Touch(region);
  Wake();
}

void Store::WantDestroyed(Peer& peer) {
  to_destroy_.insert(peer.region());
  Wake();
}

void Store::DestroyPeers() {
  std::set<RegionId> regions;
  regions.swap(to_destroy_);
  for (const RegionId region : regions) {
    const Peer* peer = Find(region);
    if (peer == nullptr || peer->installing()) continue;  // Told again later.
    DestroyPeer(region);
  }
}

/// Its data, its log and its promises go in one batch; what stays is that it was given up. Nothing of the region may
/// begin here before that is durable.
void Store::DestroyPeer(RegionId region) {
  Peer& peer = *peers_.at(region);
  const PeerId id = peer.id();
  ORRERY_LOG(parts_.runtime.log, LogLevel::kInfo, "region", "region {}: peer {} is removed here", region.value(),
             id.value());
  peer.Retire();
  receiver_.Drop(region);
  WriteBatch batch;
  for (const KeyRange& range : {DataRange("", nullptr), SessionRange(region)}) {
    batch.DeleteRange(range.family, range.begin, range.end);
  }
  Bytes tombstone;
  Encoder(tombstone).Varint(id.value());
  batch.Put(ColumnFamily::kMeta, TombstoneKey(region), tombstone);
  peers_.erase(region);
  parts_.logs.Destroy(batch, region);
  tombstones_[region] = id;
  leaving_.insert(region);
  Touch(region);
  helpers_.Run(FiberName("destroy", region.value()), [this, region, batch] {
    const Status status = parts_.committer.Commit(batch, Durability::kSync);
    if (status.ok()) leaving_.erase(region);
  });
}

bool Store::WantStateHashed(Peer& peer, LogIndex index, Bytes replicated_extras,
                            std::unique_ptr<EngineSnapshot> snapshot) {
  auto state = std::make_shared<std::unique_ptr<EngineSnapshot>>(std::move(snapshot));
  const RegionId region = peer.region();
  const PeerId id = peer.id();
  // Legal: a replica may leave out any comparison.
  const bool no_room = parts_.runtime.probes.Buggify("region.consistency.no_room", 0.1);
  const bool spawned =
      !no_room && hashes_.TrySpawn(FiberName("hash", HashCombine(region.value(), index.value())),
                                   [this, region, id, index, extras = std::move(replicated_extras), state] {
                                     HashInBackground(region, id, index, extras, std::move(*state));
                                   });
  if (!spawned) ORRERY_PROBE(parts_.runtime.probes, "region.consistency.skipped");
  return spawned;
}

void Store::HashInBackground(RegionId region, PeerId peer, LogIndex index, const Bytes& extras,
                             std::unique_ptr<EngineSnapshot> snapshot) {
  const Result<StateHash> hash = HashRegionState(*snapshot, DataRange("", nullptr), extras);
  snapshot.reset();
  if (!hash.ok()) return parts_.runtime.process.Exit(hash.status().Wrap("hashing region " + ToString(region)));
  Peer* hashed = Find(region);
  if (hashed != nullptr && hashed->id() == peer) hashed->OnStateHashed(index, hash.value());
}

Result<Store::Checksum> Store::ComputeChecksum(RegionId region) {
  Peer* peer = Find(region);
  if (peer == nullptr) return Status(StatusCode::kNotMember, "no replica of region " + ToString(region) + " here");
  if (!peer->settled() || peer->installing()) {
    return Status(StatusCode::kBusy, "the replica is between two states");
  }
  if (checksums_ >= kChecksumsMax) return Status(StatusCode::kBusy, "too many checksums are under way");
  const Counted counted(checksums_);
  Checksum checksum{.applied = peer->applied()};
  const Bytes extras = peer->ReplicatedExtras();
  const std::unique_ptr<EngineSnapshot> snapshot = parts_.engine.TakeSnapshot();
  ORRERY_ASSIGN_OR_RETURN(checksum.state, HashRegionState(*snapshot, DataRange("", nullptr), extras));
  return checksum;
}

}  // namespace orrery
