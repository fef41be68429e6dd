#include "raft/region/observer.h"
#include "raft/region/peer.h"
#include "runtime/base/probe.h"
#include "runtime/runtime.h"

// The peer's part in snapshots. Their content travels by snapshot_sender and snapshot_receiver.

namespace orrery {

void Peer::ReportSnapshotStatus(PeerId peer, bool delivered) {
  if (stopped_) return;
  raft_->ReportSnapshotStatus(peer, delivered);
  AfterStep();
}

void Peer::StepSnapshot(const StoreLife& from, const raft::Message& install) {
  Step(from, install);
}

void Peer::PutInstalled(WriteBatch& batch, const raft::Ready& ready) {
  storage_.ResetTo(batch, *ready.snapshot);
  storage_.Put(batch, ready);
  storage_.PutRegion(batch, RegionRecord{.self = id(), .sessions_stored = ready.snapshot->index});
}

Status Peer::OnInstalled(const raft::Ready& ready) {
  ORRERY_ASSERT(installing_);
  ORRERY_ASSERT(to_apply_.empty());
  ORRERY_RETURN_IF_ERROR(LoadSessions());
  ORRERY_PROBE(context_.runtime.probes, "region.snapshot.installed");
  applied_ = ready.snapshot->index;
  applied_term_ = ready.snapshot->term;
  log_sizes_.Reset(applied_, log_.LastIndex(), 0);
  compact_to_ = LogIndex();
  hashed_index_.reset();
  to_verify_.clear();
  installing_ = false;
  if (context_.observer != nullptr) {
    context_.observer->OnSnapshotInstalled(region(), id(), applied_, applied_term_);
  }
  AdoptConf(ready.snapshot->conf, applied_);
  OnPersisted(ready.number);
  host_.MarkDirty(*this);
  return Status::Ok();
}

}  // namespace orrery
