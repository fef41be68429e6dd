#include "raft/region/observer.h"
#include "raft/region/peer.h"
#include "raft/region/region_keys.h"
#include "runtime/base/probe.h"
#include "runtime/base/random.h"
#include "runtime/runtime.h"

// Committed entries become state: effects, sessions and the applied index in one atomic batch. It is not synced: what a
// crash takes is applied again from the log, which is.

namespace orrery {
namespace {

/// The state machine's door to the engine.
class EngineKvView final : public KvView {
 public:
  EngineKvView(Engine& engine, WriteBatch& batch) : engine_(engine), batch_(batch) {}

  Result<std::optional<Bytes>> Get(ByteView key) override { return engine_.Get(ColumnFamily::kData, DataKey(key)); }
  void Put(ByteView key, ByteView value) override { batch_.Put(ColumnFamily::kData, Key(key), value); }
  void Delete(ByteView key) override { batch_.Delete(ColumnFamily::kData, Key(key)); }

 private:
  ByteView Key(ByteView key) {
    scratch_.assign(DataKey(ByteView()));
    scratch_.append(key);
    return scratch_;
  }

  Engine& engine_;
  WriteBatch& batch_;
  Bytes scratch_;
};

uint64_t HashEntry(const raft::Entry& entry) {
  return Hash64(entry.payload.view(), static_cast<uint64_t>(entry.kind));
}

}  // namespace

void Peer::ApplyCommitted() {
  while (!stopped_ && !installing_) {
    if (!blocked_) {
      if (to_apply_.empty()) break;
      if (context_.runtime.probes.Buggify("region.apply.later", 0.3)) break;  // Legal: applying has no deadline.
      ApplyBatch batch;
      if (!BuildApplyBatch(batch)) return;
      blocked_ = std::move(batch);
      building_ = false;
    }
    if (!WriteApplyBatch()) return;
    ApplyBatch batch = *std::move(blocked_);
    blocked_.reset();
    FinishApplyBatch(std::move(batch));
  }
  if (!stopped_) ServeReads();
}

/// Takes entries off to_apply_. False if the replica had to stop.
bool Peer::BuildApplyBatch(ApplyBatch& batch) {
  EngineKvView view(context_.engine, batch.writes);
  machine_.BeginBatch(view);
  building_ = true;
  size_t entries_max = to_apply_.size();
  if (context_.runtime.probes.Buggify("region.apply.one_entry", 0.2)) entries_max = 1;  // Legal: any prefix is.
  Status status;
  size_t count = 0;
  // A hash needs the state exactly as of its entry: that ends the batch.
  for (; count < entries_max && !batch.hash_state && status.ok(); ++count) status = ApplyEntry(batch, to_apply_[count]);
  machine_.EndBatch();
  if (!status.ok()) {
    StopStore(status.Wrap("region " + ToString(region()) + ", applying"));
    return false;
  }
  to_apply_.erase(to_apply_.begin(), to_apply_.begin() + static_cast<ptrdiff_t>(count));
  const AppliedEntry& last = batch.entries.back();
  PutSessions(batch.writes, last.index);
  storage_.PutApplied(batch.writes,
                      ApplyRecord{.applied = last.index, .term = last.term, .conf = batch.conf ? *batch.conf : conf_});
  return true;
}

Status Peer::ApplyEntry(ApplyBatch& batch, const raft::Entry& entry) {
  AppliedEntry applied{.index = entry.index, .term = entry.term, .hash = 0};
  if (context_.observer != nullptr) applied.hash = HashEntry(entry);
  if (entry.kind == raft::EntryKind::kConfChange) {
    ORRERY_ASSERT(!to_adopt_.empty());
    ORRERY_ASSERT(to_adopt_.front().index == entry.index);
    const bool was_joint = (batch.conf ? *batch.conf : conf_).IsJoint();
    if (!batch.conf) batch.conf_since = conf_since_;
    batch.conf = std::move(to_adopt_.front().conf);
    if (!was_joint || batch.conf->IsJoint()) batch.conf_since = entry.index;
    to_adopt_.pop_front();
  } else {
    ORRERY_ASSIGN_OR_RETURN(EntryEffects effects, machine_.Apply(entry.index, entry.payload.view()));
    applied.outcomes = std::move(effects.outcomes);
    batch.hash_state |= effects.hash_state;
    if (effects.verify) batch.verify.push_back(*effects.verify);
    batch.compact_to = std::max(batch.compact_to, effects.compact_to);
  }
  batch.entries.push_back(std::move(applied));
  return Status::Ok();
}

/// The session table is stored whole now and then, and between that as what changed.
void Peer::PutSessions(WriteBatch& batch, LogIndex index) {
  const Bytes journal = machine_.sessions().TakeJournal();
  const LogIndex stored = storage_.region().sessions_stored;
  if (index - stored < context_.options.session_checkpoint_entries) {
    if (!journal.empty()) batch.Put(ColumnFamily::kMeta, SessionJournalKey(region(), index), journal);
    return;
  }
  Bytes table;
  machine_.sessions().EncodeTo(table);
  batch.Put(ColumnFamily::kMeta, SessionTableKey(region()), table);
  batch.DeleteRange(ColumnFamily::kMeta, SessionJournalKey(region(), LogIndex(0)),
                    SessionJournalKey(region(), index.Next()));
  storage_.PutRegion(batch, RegionRecord{.self = id(), .sessions_stored = index});
}

/// False if the engine wants us to wait, or failed.
bool Peer::WriteApplyBatch() {
  // Legal: write buffers may stay full for any time, while a new leader already knows what is committed.
  if (context_.runtime.probes.Buggify("region.apply.engine_full", 0.8)) return false;
  const Status written = context_.committer.TryApply(blocked_->writes);
  if (written.ok()) return true;
  if (written.code() == StatusCode::kBusy) {
    ORRERY_PROBE(context_.runtime.probes, "region.apply.engine_busy");
    return false;
  }
  StopStore(written.Wrap("region " + ToString(region()) + ", writing applied entries"));
  return false;
}

void Peer::FinishApplyBatch(ApplyBatch batch) {
  applied_ = batch.entries.back().index;
  applied_term_ = batch.entries.back().term;
  if (context_.observer != nullptr) {
    for (const AppliedEntry& entry : batch.entries) {
      context_.observer->OnApplied(region(), id(), entry.index, entry.term, entry.hash);
    }
  }
  if (batch.hash_state) HashState();
  for (const EntryEffects::Verify& verify : batch.verify) VerifyHash(verify);
  compact_to_ = std::max(compact_to_, std::min(batch.compact_to, applied_));
  for (AppliedEntry& entry : batch.entries) ResolveProposals(entry);
  raft_->ReportApplied(applied_);
  if (batch.conf) AdoptConf(*batch.conf, batch.conf_since);
  AfterStep();
}

Status Peer::LoadSessions() {
  ORRERY_ASSIGN_OR_RETURN(const std::optional<Bytes> table,
                          context_.engine.Get(ColumnFamily::kMeta, SessionTableKey(region())));
  machine_.sessions().Clear();
  if (table) ORRERY_RETURN_IF_ERROR(machine_.sessions().DecodeFrom(*table));
  KeyRange journal = SessionRange(region());
  journal.begin = SessionJournalKey(region(), LogIndex(0));
  const std::unique_ptr<EngineIterator> row = context_.engine.NewIterator(journal);
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    ORRERY_RETURN_IF_ERROR(machine_.sessions().Replay(row->value()));
  }
  return row->status();
}

}  // namespace orrery
