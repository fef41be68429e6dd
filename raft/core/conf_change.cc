// Membership: thesis 4.3 (joint consensus) and 4.2.1 (learners). A change takes effect when it is applied; the next one
// is proposed only after that, so two configurations in use at a time always share a quorum member.
#include <utility>

#include "raft/core/codec.h"
#include "raft/core/raft.h"

namespace orrery::raft {

Result<LogIndex> Raft::ProposeConfChange(const ConfChange& change) {
  ORRERY_RETURN_IF_ERROR(failure_);
  Bytes encoded;
  EncodeConfChange(change, encoded);
  ORRERY_RETURN_IF_ERROR(CheckProposable(encoded.size() + Entry::kOverheadBytes));
  if (!CommittedInTerm()) {
    return Status(StatusCode::kUnavailable, "this leader has not committed an entry of its term yet");
  }
  if (pending_conf_index_ > log_.applied()) {
    return Status(StatusCode::kConflict,
                  "the configuration change at " + ToString(pending_conf_index_) + " is not applied yet");
  }
  const Result<ConfState> next = ApplyConfChange(*conf_, change);
  if (!next.ok()) return next.status();
  pending_conf_index_ = AppendAsLeader(EntryKind::kConfChange, Payload(encoded));
  return pending_conf_index_;
}

/// Fills ready.conf_changes for ready.committed.
void Raft::CollectConfChanges(Ready& ready) {
  for (const Entry& entry : ready.committed) {
    if (entry.kind != EntryKind::kConfChange) continue;
    const Result<ConfChange> change = DecodeConfChange(entry.payload.view());
    if (!change.ok()) return Fail(change.status().Wrap("committed entry " + ToString(entry.index)));
    const ConfState& before = handed_confs_.empty() ? *conf_ : handed_confs_.back().conf;
    Result<ConfState> after = ApplyConfChange(before, *change);
    // No leader proposes an invalid one. Should versions disagree about that, all of one version still do the same.
    ConfAt at{entry.index, after.ok() ? *std::move(after) : before};
    ready.conf_changes.push_back(at);
    handed_confs_.push_back(std::move(at));
  }
}

void Raft::AdoptConf(std::shared_ptr<const ConfState> conf) {
  conf_ = std::move(conf);
  if (role_ == Role::kFollower) return;
  if (!conf_->IsVoter(id_)) return role_ == Role::kLeader ? ResignAsRemoved() : BecomeFollower(term_, PeerId());
  if (role_ != Role::kLeader) return DecideElection();
  RebuildProgress();
  const Member* target = conf_->Find(transferee_);
  if (transferee_.valid() && (target == nullptr || !VotesInNew(target->role))) AbortTransfer();
  MaybeCommit();  // A smaller quorum may hold more.
  UpdateQuorumRound();
  append_wanted_ = true;
}

/// One Progress per member, in order; those known before go on as they were.
void Raft::RebuildProgress() {
  std::vector<Progress> rebuilt;
  rebuilt.reserve(conf_->members.size());
  for (const Member& member : conf_->members) {
    if (Progress* known = FindProgress(member.peer)) {
      rebuilt.push_back(std::move(*known));
      continue;
    }
    Progress& progress = rebuilt.emplace_back();
    progress.peer = member.peer;
    progress.next = log_.last_index().Next();
    progress.recent_active = true;  // So that it may be sent a snapshot, and has a period to answer.
  }
  progress_ = std::move(rebuilt);
}

/// The configuration this leader has just applied is without it: it hands over to the voter that holds most.
void Raft::ResignAsRemoved() {
  ORRERY_PROBE_IF(options_->probes, "raft.conf.removed_leader_resigned");
  BroadcastAppend();
  if (role_ != Role::kLeader) return;
  const Progress* best = nullptr;
  for (const Progress& progress : progress_) {
    if (!conf_->IsVoter(progress.peer)) continue;
    if (best == nullptr || progress.match > best->match) best = &progress;
  }
  if (best != nullptr) SendTimeoutNow(best->peer);
  BecomeFollower(term_, PeerId());
}

/// The leader leaves a joint configuration by itself. Counts as pending change like any other, so it is proposed once.
void Raft::MaybeLeaveJoint() {
  if (role_ != Role::kLeader || !conf_->IsJoint() || !conf_->auto_leave) return;
  if (pending_conf_index_ > log_.applied()) return;
  Bytes encoded;
  EncodeConfChange(ConfChange{.transition = ConfChange::Transition::kLeave, .steps = {}, .context = {}}, encoded);
  pending_conf_index_ = AppendAsLeader(EntryKind::kConfChange, Payload(encoded));
}

}  // namespace orrery::raft
