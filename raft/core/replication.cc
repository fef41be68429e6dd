// Log replication: thesis 3.5 and 3.6, pipelined (10.2.1), with flow control by Progress.
#include <algorithm>
#include <utility>

#include "raft/core/quorum.h"
#include "raft/core/raft.h"

namespace orrery::raft {

Progress* Raft::FindProgress(PeerId peer) {
  for (Progress& progress : progress_) {
    if (progress.peer == peer) return &progress;
  }
  return nullptr;
}

const Progress* Raft::FindProgress(PeerId peer) const {
  return const_cast<Raft*>(this)->FindProgress(peer);
}

void Raft::TickLeader() {
  ++heartbeat_elapsed_;
  if (++election_elapsed_ >= options_->election_ticks) {
    election_elapsed_ = 0;
    if (options_->check_quorum) CheckQuorum();
    if (role_ != Role::kLeader) return;
  }
  if (transferee_.valid() && ++transfer_elapsed_ >= options_->election_ticks) {
    ORRERY_PROBE_IF(options_->probes, "raft.transfer.aborted");
    AbortTransfer();
  }
  if (heartbeat_elapsed_ >= options_->heartbeat_ticks) SendHeartbeats();
}

// --- Leader: proposals ---------------------------------------------------------------------------------------------

Result<LogIndex> Raft::Propose(Payload command) {
  ORRERY_RETURN_IF_ERROR(failure_);
  if (command.empty()) return Status(StatusCode::kInvalidArgument, "empty command");
  if (command.size() > options_->command_bytes_max) {
    return Status(StatusCode::kTooLarge, "command of " + std::to_string(command.size()) + " bytes");
  }
  ORRERY_RETURN_IF_ERROR(CheckProposable(command.size() + Entry::kOverheadBytes));
  return AppendAsLeader(EntryKind::kCommand, std::move(command));
}

Status Raft::CheckProposable(size_t bytes) const {
  if (role_ != Role::kLeader) return Status(StatusCode::kNotLeader, "leader is peer " + ToString(leader_));
  if (transferee_.valid()) {
    return Status(StatusCode::kBusy, "leadership is being transferred to peer " + ToString(transferee_));
  }
  if (uncommitted_bytes_ > 0 && uncommitted_bytes_ + bytes > options_->uncommitted_bytes_max) {
    ORRERY_PROBE_IF(options_->probes, "raft.replication.uncommitted_limit");
    return Status(StatusCode::kBusy, std::to_string(uncommitted_bytes_) + " bytes are not committed yet");
  }
  return Status::Ok();
}

LogIndex Raft::AppendAsLeader(EntryKind kind, Payload payload) {
  ORRERY_ASSERT(role_ == Role::kLeader);
  Entry entry{term_, log_.last_index().Next(), kind, std::move(payload)};
  uncommitted_bytes_ += entry.ByteSize();
  log_.Append(std::move(entry));
  append_wanted_ = true;
  return log_.last_index();
}

// --- Leader: sending -----------------------------------------------------------------------------------------------

void Raft::BroadcastAppend() {
  append_wanted_ = false;
  for (Progress& progress : progress_) {
    if (progress.peer == id_) continue;
    if (SendAppend(progress, progress.told_commit < log_.commit())) {
      while (SendAppend(progress, false)) {
      }
    }
    if (role_ != Role::kLeader) return;  // The log could not be read.
  }
}

/// Sends what follows progress.next. False if nothing was sent: paused, nothing new, or a snapshot is needed.
bool Raft::SendAppend(Progress& progress, bool even_if_empty) {
  if (progress.Paused(options_->inflight_messages_max, options_->inflight_bytes_max)) return false;
  const bool empty = progress.next > log_.last_index();
  if (empty && !even_if_empty) return false;
  if (PrefersSnapshot(progress)) {
    SendSnapshot(progress);
    return false;
  }
  const LogIndex prev = progress.next.Previous();
  AppendRequest request{.prev_index = prev, .prev_term = Term(), .commit = log_.commit(), .entries = {}};
  const Result<Term> prev_term = log_.TermAt(prev);
  if (!prev_term.ok()) return OnUnreadable(progress, prev_term.status());
  request.prev_term = *prev_term;
  if (!empty) {
    Result<std::vector<Entry>> entries =
        log_.Slice(progress.next, log_.last_index().Next(), options_->append_bytes_max);
    if (!entries.ok()) return OnUnreadable(progress, entries.status());
    request.entries = *std::move(entries);
  }
  size_t bytes = 0;
  for (const Entry& entry : request.entries) bytes += entry.ByteSize();
  progress.Sent(progress.next + request.entries.size(), bytes);
  progress.told_commit = request.commit;
  Send(progress.peer, std::move(request), After::kTermDurable);
  return true;
}

/// Legal: a snapshot may always stand for entries, also for some that are on their way.
bool Raft::PrefersSnapshot(const Progress& progress) const {
  if (progress.state != ProgressState::kReplicate || progress.match >= log_.applied()) return false;
  return options_->probes != nullptr && options_->probes->Buggify("raft.replication.early_snapshot", 0.001);
}

bool Raft::OnUnreadable(Progress& progress, Status status) {
  if (status.code() != StatusCode::kCompacted) {
    Fail(std::move(status));
  } else {
    SendSnapshot(progress);
  }
  return false;
}

void Raft::SendHeartbeats() {
  heartbeat_elapsed_ = 0;
  ++heartbeat_round_;
  for (const Progress& progress : progress_) {
    if (progress.peer == id_) continue;
    // Never more than the follower is known to hold.
    const LogIndex commit = std::min(progress.match, log_.commit());
    Send(progress.peer, HeartbeatRequest{.commit = commit, .round = heartbeat_round_}, After::kTermDurable);
  }
  UpdateQuorumRound();
}

// --- Leader: answers -----------------------------------------------------------------------------------------------

void Raft::HandleAppendResponse(const Message& message, const AppendResponse& response) {
  Progress* progress = role_ == Role::kLeader ? FindProgress(message.from) : nullptr;
  if (progress == nullptr) return;
  progress->recent_active = true;
  if (response.index > log_.last_index()) return;  // Not an answer to anything this leader sent.
  if (response.rejected) {
    OnRefused(*progress, response);
  } else {
    OnAcknowledged(*progress, response.index);
  }
}

void Raft::OnRefused(Progress& progress, const AppendResponse& response) {
  if (response.hint_index > response.index) return;
  // Skip back over whole terms: nothing of a term above the hint's can agree at or before the hint.
  const Result<LogIndex> hint = log_.LastAtOrBelow(response.hint_index, response.hint_term);
  if (!hint.ok()) return Fail(hint.status());
  if (!progress.Refuse(response.index, std::min(*hint, response.hint_index))) return;
  ORRERY_PROBE_IF(options_->probes, "raft.replication.backtracked");
  append_wanted_ = true;
}

void Raft::OnAcknowledged(Progress& progress, LogIndex index) {
  const bool news = progress.Acknowledge(index);
  switch (progress.state) {
    case ProgressState::kProbe: progress.BecomeReplicate(); break;
    case ProgressState::kReplicate: progress.inflights.FreeThrough(index); break;
    case ProgressState::kSnapshot:
      // Installed, or caught up by appends sent before: its next entry can be read here again.
      if (progress.match.Next() >= log_.first_index()) progress.BecomeReplicate();
      break;
  }
  append_wanted_ = true;
  if (!news) return;
  MaybeCommit();
  if (progress.peer == transferee_ && progress.match == log_.last_index()) SendTimeoutNow(transferee_);
}

void Raft::HandleHeartbeatResponse(const Message& message, const HeartbeatResponse& response) {
  Progress* progress = role_ == Role::kLeader ? FindProgress(message.from) : nullptr;
  if (progress == nullptr || response.round > heartbeat_round_) return;
  progress->recent_active = true;
  progress->acked_round = std::max(progress->acked_round, response.round);
  // It lives: let one more append pass. The answers to those before may be lost.
  progress->probe_sent = false;
  const bool replicating = progress->state == ProgressState::kReplicate;
  if (replicating && progress->Paused(options_->inflight_messages_max, options_->inflight_bytes_max)) {
    ORRERY_PROBE_IF(options_->probes, "raft.replication.window_reopened");
    progress->inflights.FreeFirst();
  }
  const bool behind = progress->match < log_.last_index();
  if (behind || progress->state == ProgressState::kProbe) SendAppend(*progress, true);
  if (role_ == Role::kLeader) UpdateQuorumRound();
}

// --- Leader: commit ------------------------------------------------------------------------------------------------

/// What a quorum holds is committed, once it reaches into this term (Raft paper, section 5.4.2). The leader counts
/// itself by what it has persisted.
void Raft::MaybeCommit() {
  const uint64_t held_by_quorum = QuorumValue(*conf_, [this](PeerId peer) -> uint64_t {
    if (peer == id_) return log_.persisted().value();
    const Progress* progress = FindProgress(peer);
    return progress == nullptr ? 0 : progress->match.value();
  });
  const LogIndex index(held_by_quorum);
  if (index <= log_.commit() || index < term_start_) return;
  AdvanceCommit(index);
}

void Raft::AdvanceCommit(LogIndex index) {
  const bool first_of_term = !CommittedInTerm();
  // A leader keeps its uncommitted entries in memory, so this count cannot leak.
  for (LogIndex i = std::max(log_.commit().Next(), term_start_); i <= index; ++i) {
    uncommitted_bytes_ -= log_.InMemory(i).ByteSize();
  }
  log_.CommitTo(index);
  append_wanted_ = true;
  if (!first_of_term) return;
  for (PendingRead& read : reads_) read.index = index;
  ConfirmReads();
}

// --- Follower ------------------------------------------------------------------------------------------------------

void Raft::HandleAppend(const Message& message, const AppendRequest& request) {
  if (request.prev_index < log_.commit()) {
    // Old news: everything committed agrees with every later leader.
    Send(message.from, AppendResponse{.index = log_.commit()}, After::kAllDurable);
    return;
  }
  if (request.prev_index > log_.last_index()) return RejectAppend(message.from, request);
  const Result<Term> prev_term = log_.TermAt(request.prev_index);
  if (!prev_term.ok()) return Fail(prev_term.status());
  if (*prev_term != request.prev_term) return RejectAppend(message.from, request);
  const Result<LogIndex> removed_from = log_.Merge(request.entries);
  if (!removed_from.ok()) return Fail(removed_from.status());
  if (removed_from->value() != 0) {
    ORRERY_PROBE_IF(options_->probes, "raft.log.truncated_conflict");
    ForgetStoring(*removed_from);
  }
  const LogIndex agreed = request.prev_index + request.entries.size();
  log_.CommitTo(std::max(log_.commit(), std::min(request.commit, agreed)));
  Send(message.from, AppendResponse{.index = agreed}, After::kAllDurable);
}

/// Entries from `index` on are no longer part of the log: the Readies that store them do not make them persisted.
void Raft::ForgetStoring(LogIndex index) {
  for (Unpersisted& ready : unpersisted_) {
    if (ready.last >= index) ready.last = index.Previous();
  }
}

void Raft::RejectAppend(PeerId to, const AppendRequest& request) {
  const LogIndex start = std::min(request.prev_index, log_.last_index());
  const Result<LogIndex> hint = log_.LastAtOrBelow(start, request.prev_term);
  if (!hint.ok()) return Fail(hint.status());
  const Result<Term> hint_term = log_.TermAt(*hint);
  if (!hint_term.ok()) return Fail(hint_term.status());
  const AppendResponse response{
      .rejected = true, .index = request.prev_index, .hint_index = *hint, .hint_term = *hint_term};
  Send(to, response, After::kTermDurable);
}

void Raft::HandleHeartbeat(const Message& message, const HeartbeatRequest& request) {
  // The leader tells no more than what this peer acknowledged.
  if (request.commit > log_.last_index()) {
    return Fail(Status(StatusCode::kCorruption, "raft: acknowledged entries are missing: leader peer " +
                                                    ToString(message.from) + " says " + ToString(request.commit) +
                                                    " is committed here, the log ends at " +
                                                    ToString(log_.last_index())));
  }
  log_.CommitTo(std::max(log_.commit(), request.commit));
  Send(message.from, HeartbeatResponse{.round = request.round}, After::kTermDurable);
}

}  // namespace orrery::raft
