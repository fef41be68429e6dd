// Linearizable reads without log entries: thesis 6.4. One broadcast confirms every read that arrived before it.
#include <algorithm>

#include "raft/core/quorum.h"
#include "raft/core/raft.h"

namespace orrery::raft {

Status Raft::ReadIndex(uint64_t context) {
  ORRERY_RETURN_IF_ERROR(failure_);
  if (role_ == Role::kLeader) return AddRead(context, id_);
  if (!leader_.valid()) return Status(StatusCode::kNotLeader, "no leader known");
  Send(leader_, ReadIndexRequest{.context = context}, After::kTermDurable);
  return Status::Ok();
}

/// A leader's commit position covers everything committed before, once it committed an entry of its own term
/// (thesis 6.4 step 1): until then the read has no position.
bool Raft::CommittedInTerm() const {
  return term_start_.value() != 0 && log_.commit() >= term_start_;
}

Status Raft::AddRead(uint64_t context, PeerId from) {
  if (reads_.size() >= options_->pending_reads_max) return Status(StatusCode::kBusy, "too many reads wait");
  const LogIndex index = CommittedInTerm() ? log_.commit() : LogIndex();
  reads_.push_back(PendingRead{.context = context, .from = from, .index = index, .round = 0});
  return Status::Ok();
}

bool Raft::ReadsWantRound() const {
  return !reads_.empty() && reads_.back().round == 0;
}

uint64_t Raft::ReadsInRound() const {
  size_t waiting = reads_.size();  // Those without a round came last.
  while (waiting > 0 && reads_[waiting - 1].round == 0) --waiting;
  return waiting;
}

/// Starts a heartbeat round for the reads that arrived since the last one.
void Raft::StampReads() {
  const uint64_t round = heartbeat_round_ + 1;
  for (PendingRead& read : reads_) {
    if (read.round == 0) read.round = round;
  }
  SendHeartbeats();
}

void Raft::UpdateQuorumRound() {
  const uint64_t acknowledged = QuorumValue(*conf_, [this](PeerId peer) -> uint64_t {
    if (peer == id_) return heartbeat_round_;
    const Progress* progress = FindProgress(peer);
    return progress == nullptr ? 0 : progress->acked_round;
  });
  // A round that a quorum of an earlier configuration acknowledged stays acknowledged.
  quorum_round_ = std::max(quorum_round_, acknowledged);
  ConfirmReads();
}

void Raft::ConfirmReads() {
  size_t confirmed = 0;
  for (const PendingRead& read : reads_) {  // Rounds rise along the queue.
    if (read.round == 0 || read.round > quorum_round_ || read.index.value() == 0) break;
    AnswerRead(read);
    ++confirmed;
  }
  reads_.erase(reads_.begin(), reads_.begin() + static_cast<ptrdiff_t>(confirmed));
}

void Raft::AnswerRead(const PendingRead& read) {
  if (read.from == id_) {
    read_states_.push_back(ReadState{.context = read.context, .index = read.index});
  } else {
    Send(read.from, ReadIndexResponse{.context = read.context, .index = read.index}, After::kTermDurable);
  }
}

void Raft::HandleReadIndexRequest(const Message& message, const ReadIndexRequest& request) {
  if (role_ != Role::kLeader) return;
  AddRead(request.context, message.from).IgnoreError();  // Too many: the follower asks again.
}

void Raft::HandleReadIndexResponse(const ReadIndexResponse& response) {
  if (role_ == Role::kLeader) return;
  read_states_.push_back(ReadState{.context = response.context, .index = response.index});
}

}  // namespace orrery::raft
