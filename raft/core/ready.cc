// The way out: what a Ready contains, and what the shell's answers to it change.
#include "raft/core/ready.h"

#include <algorithm>
#include <utility>

#include "raft/core/raft.h"

namespace orrery::raft {

bool Raft::HasReady() const {
  if (soft_state() != told_soft_state_) return true;
  if (!failure_.ok()) return false;
  return append_wanted_ || ReadsWantRound() || HasUntaken() || !outbox_now_.empty() || !read_states_.empty() ||
         quorum_round_ != told_quorum_round_ || (log_.has_committed() && ApplyBudget() > 0);
}

Ready Raft::TakeReady() {
  Ready ready;
  if (failure_.ok() && ReadsWantRound()) StampReads();
  if (failure_.ok() && append_wanted_) BroadcastAppend();
  if (failure_.ok()) TakeForApply(ready);
  if (failure_.ok()) TakeForStorage(ready);
  if (!failure_.ok()) ready = Ready();
  TakeNews(ready);
  return ready;
}

void Raft::TakeForStorage(Ready& ready) {
  if (HasUntaken()) {
    last_number_ = last_number_.Next();
    ready.number = last_number_;
    Unpersisted record{.number = last_number_, .last = LogIndex(), .snapshot = LogIndex()};
    if (snapshot_untaken_) {
      ready.snapshot = *log_.pending_snapshot();
      record.snapshot = ready.snapshot->index;
      snapshot_untaken_ = false;
    }
    ready.entries = log_.TakeUnstored();
    if (!ready.entries.empty()) record.last = ready.entries.back().index;
    if (term_dirty_) term_number_ = last_number_;
    if (term_dirty_ || log_.commit() != stored_commit_) {
      ready.hard_state = HardState{.term = term_, .vote = vote_, .commit = log_.commit()};
      stored_commit_ = log_.commit();
    }
    term_dirty_ = false;
    unpersisted_.push_back(record);
  }
  ORRERY_ASSERT(held_.empty() || held_.back().number <= last_number_);
  ready.send_now = std::exchange(outbox_now_, {});
}

/// Bytes that may be handed out for applying now.
size_t Raft::ApplyBudget() const {
  size_t handed_bytes = 0;
  for (const HandedPage& page : handed_pages_) handed_bytes += page.bytes;
  return options_->apply_bytes_max > handed_bytes ? options_->apply_bytes_max - handed_bytes : 0;
}

void Raft::TakeForApply(Ready& ready) {
  const size_t budget = ApplyBudget();
  if (!log_.has_committed() || budget == 0) return;
  Result<std::vector<Entry>> entries = log_.TakeCommitted(budget);
  if (!entries.ok()) return Fail(entries.status());
  ready.committed = *std::move(entries);
  HandedPage page{.last = ready.committed.back().index, .bytes = 0};
  for (const Entry& entry : ready.committed) page.bytes += entry.ByteSize();
  handed_pages_.push_back(page);
  CollectConfChanges(ready);
  log_.TrimCache(options_->cache_bytes_max, role_ == Role::kLeader);
}

void Raft::TakeNews(Ready& ready) {
  ready.reads = std::exchange(read_states_, {});
  if (soft_state() != told_soft_state_) {
    told_soft_state_ = soft_state();
    ready.soft_state = told_soft_state_;
  }
  if (quorum_round_ != told_quorum_round_) {
    told_quorum_round_ = quorum_round_;
    ready.quorum_round = quorum_round_;
  }
}

std::vector<Message> Raft::Advance(Persisted persisted) {
  ORRERY_ASSERT(persisted.number() > persisted_number_);
  ORRERY_ASSERT(persisted.number() <= last_number_);
  if (!failure_.ok()) return {};
  const bool term_was_durable = TermDurable();
  persisted_number_ = persisted.number();
  const auto end = std::find_if(unpersisted_.begin(), unpersisted_.end(),
                                [this](const Unpersisted& ready) { return ready.number > persisted_number_; });
  for (auto ready = unpersisted_.begin(); ready != end; ++ready) {
    const SnapshotMeta* pending = log_.pending_snapshot();
    if (pending != nullptr && ready->snapshot == pending->index) log_.SnapshotPersisted();
    if (ready->last.value() != 0) log_.PersistedTo(ready->last);
  }
  unpersisted_.erase(unpersisted_.begin(), end);
  std::vector<Message> released = ReleaseHeld();
  if (!term_was_durable && TermDurable()) OnTermDurable();
  if (role_ == Role::kLeader) MaybeCommit();
  log_.TrimCache(options_->cache_bytes_max, role_ == Role::kLeader);
  return released;
}

/// The messages whose Ready is persisted, in the order they were written.
std::vector<Message> Raft::ReleaseHeld() {
  std::vector<Message> released;
  const auto kept = std::stable_partition(held_.begin(), held_.end(),
                                          [this](const Held& held) { return held.number <= persisted_number_; });
  released.reserve(static_cast<size_t>(kept - held_.begin()));
  for (auto held = held_.begin(); held != kept; ++held) released.push_back(std::move(held->message));
  held_.erase(held_.begin(), kept);
  return released;
}

void Raft::ReportApplied(LogIndex index) {
  if (!failure_.ok() || index <= log_.applied()) return;
  log_.AppliedTo(index);
  const auto page_end = std::find_if(handed_pages_.begin(), handed_pages_.end(),
                                     [index](const HandedPage& page) { return page.last > index; });
  handed_pages_.erase(handed_pages_.begin(), page_end);
  const auto conf_end =
      std::find_if(handed_confs_.begin(), handed_confs_.end(), [index](const ConfAt& at) { return at.index > index; });
  if (conf_end != handed_confs_.begin()) {
    auto conf = std::make_shared<const ConfState>(std::move((conf_end - 1)->conf));
    handed_confs_.erase(handed_confs_.begin(), conf_end);
    AdoptConf(std::move(conf));
  }
  MaybeLeaveJoint();
}

}  // namespace orrery::raft
