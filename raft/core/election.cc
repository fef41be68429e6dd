// Elections: thesis 3.4 (campaigns), 3.6.1 (who may be elected), 9.6 (pre-vote), 6.2 and 6.4.1 (check-quorum).
#include <algorithm>
#include <utility>

#include "raft/core/quorum.h"
#include "raft/core/raft.h"

namespace orrery::raft {
namespace {

/// How much log is looked at in one piece when searching for configuration changes.
constexpr size_t kScanBytes = 1 << 20;

}  // namespace

void Raft::TickElection() {
  if (!conf_->IsVoter(id_)) return;
  ++election_elapsed_;
  if (vote_hold_ticks_ > 0) return;  // Not even for itself.
  if (election_elapsed_ < options_->election_ticks) return;
  if (election_elapsed_ < ElectionTimeoutTicks(options_->election_ticks, seed_, term_)) return;
  election_elapsed_ = 0;
  StartCampaign(options_->pre_vote ? CampaignKind::kPreVote : CampaignKind::kElection).IgnoreError();  // Tried again.
}

Status Raft::Campaign() {
  ORRERY_RETURN_IF_ERROR(failure_);
  if (role_ == Role::kLeader) return Status::Ok();
  if (vote_hold_ticks_ > 0) return Status(StatusCode::kUnavailable, "a leader may rely on this peer's silence");
  return StartCampaign(CampaignKind::kElection);
}

Status Raft::StartCampaign(CampaignKind kind) {
  ORRERY_ASSERT(role_ != Role::kLeader);
  if (!conf_->IsVoter(id_)) return Status(StatusCode::kUnavailable, "this peer is no voter");
  if (log_.has_pending_snapshot()) return Status(StatusCode::kUnavailable, "a snapshot is being installed");
  if (HasUnappliedConfChange()) {
    ORRERY_PROBE_IF(options_->probes, "raft.election.waits_for_conf_change");
    return Status(StatusCode::kUnavailable, "a committed configuration change is not applied");
  }
  ORRERY_RETURN_IF_ERROR(failure_);
  votes_.clear();
  election_elapsed_ = 0;
  if (kind == CampaignKind::kPreVote) {
    role_ = Role::kPreCandidate;
    leader_ = PeerId();
    RequestVotes(kind, term_.Next());
    ORRERY_RETURN_IF_ERROR(failure_);
    RecordVote(id_, true);
  } else {
    EnterTerm(term_.Next());
    role_ = Role::kCandidate;
    vote_ = id_;  // Counted once it is durable: OnTermDurable.
    RequestVotes(kind, term_);
  }
  return failure_;
}

/// Whether an entry that is committed as far as this peer knows changes the configuration it would count by.
bool Raft::HasUnappliedConfChange() {
  if (!handed_confs_.empty()) return true;
  LogIndex next = log_.handed().Next();
  while (next <= log_.commit()) {
    const Result<std::vector<Entry>> entries = log_.Slice(next, log_.commit().Next(), kScanBytes);
    if (!entries.ok()) {
      Fail(entries.status());
      return true;
    }
    for (const Entry& entry : *entries) {
      if (entry.kind == EntryKind::kConfChange) return true;
    }
    next = next + entries->size();
  }
  return false;
}

void Raft::RequestVotes(CampaignKind kind, Term campaign_term) {
  const VoteRequest request{
      .pre_vote = kind == CampaignKind::kPreVote,
      .transfer = kind == CampaignKind::kTransfer,
      .campaign_term = campaign_term,
      .last_index = log_.last_index(),
      .last_term = log_.last_term(),
      .commit = OwnCommit(),
  };
  // A pre-vote promises nothing. A vote request promises that this peer voted for itself and holds that log.
  const After after = request.pre_vote ? After::kTermDurable : After::kAllDurable;
  for (const Member& member : conf_->members) {
    if (member.peer != id_ && member.role != MemberRole::kLearner) Send(member.peer, request, after);
  }
}

/// A peer that heard a leader lately does not help to depose it; a leader with a quorum does not depose itself. This is
/// what a lease stands on, so it does not look at terms, and a term learned from elsewhere does not end it.
bool Raft::ProtectsLeader(const VoteRequest& request) const {
  if (request.transfer) return false;  // The leader itself wants it.
  if (role_ == Role::kLeader) return options_->check_quorum;
  return vote_hold_ticks_ > 0;
}

void Raft::HandlePreVoteRequest(const Message& message, const VoteRequest& request) {
  const bool granted = request.campaign_term > term_ && log_.IsUpToDate(request.last_index, request.last_term);
  // If refused, this peer's term tells a sender that is behind.
  const VoteResponse response{
      .pre_vote = true, .granted = granted, .campaign_term = request.campaign_term, .commit = OwnCommit()};
  Send(message.from, response, After::kTermDurable);
}

void Raft::HandleVoteRequest(const Message& message, const VoteRequest& request) {
  const bool free = !vote_.valid() && !leader_.valid();
  const bool granted = (free || vote_ == message.from) && log_.IsUpToDate(request.last_index, request.last_term);
  if (granted && vote_ != message.from) {
    vote_ = message.from;
    term_dirty_ = true;
    election_elapsed_ = 0;
  }
  const VoteResponse response{.granted = granted, .campaign_term = request.campaign_term, .commit = OwnCommit()};
  Send(message.from, response, granted ? After::kAllDurable : After::kTermDurable);
}

void Raft::HandleVoteResponse(const Message& message, const VoteResponse& response) {
  const bool answers_pre_vote =
      response.pre_vote && role_ == Role::kPreCandidate && response.campaign_term == term_.Next();
  const bool answers_vote = !response.pre_vote && role_ == Role::kCandidate && response.campaign_term == term_;
  if (!answers_pre_vote && !answers_vote) return;
  RecordVote(message.from, response.granted);
}

/// Requires: a campaign is under way.
void Raft::RecordVote(PeerId peer, bool granted) {
  for (const Ballot& ballot : votes_) {
    if (ballot.peer == peer) return;  // A duplicate.
  }
  votes_.push_back(Ballot{peer, granted});
  const auto at = std::lower_bound(votes_.begin(), votes_.end() - 1, peer,
                                   [](const Ballot& ballot, PeerId wanted) { return ballot.peer < wanted; });
  std::rotate(at, votes_.end() - 1, votes_.end());
  DecideElection();
}

void Raft::DecideElection() {
  const VoteOutcome outcome = CountVotes(*conf_, [this](PeerId peer) {
    for (const Ballot& ballot : votes_) {
      if (ballot.peer == peer) return ballot.granted ? Vote::kGranted : Vote::kRefused;
    }
    return Vote::kMissing;
  });
  if (outcome == VoteOutcome::kPending) return;
  if (outcome == VoteOutcome::kLost) {
    ORRERY_PROBE_IF(options_->probes, "raft.election.lost");
    BecomeFollower(term_, PeerId());
  } else if (role_ == Role::kPreCandidate) {
    if (!StartCampaign(CampaignKind::kElection).ok()) BecomeFollower(term_, PeerId());
  } else {
    BecomeLeader();
  }
}

/// Term and vote are durable: the own vote counts from now on.
void Raft::OnTermDurable() {
  if (role_ == Role::kCandidate) RecordVote(id_, true);
}

void Raft::BecomeLeader() {
  ORRERY_ASSERT(role_ == Role::kCandidate);
  ORRERY_ASSERT(vote_ == id_);
  ORRERY_ASSERT(TermDurable());  // So that all a leader sends can be sent at once.
  role_ = Role::kLeader;
  leader_ = id_;
  votes_.clear();
  election_elapsed_ = 0;
  heartbeat_elapsed_ = 0;
  pending_conf_index_ = log_.last_index();  // One may be among the entries not applied yet.
  RebuildProgress();
  for (Progress& progress : progress_) progress.recent_active = false;
  term_start_ = log_.last_index().Next();
  // An entry of its own term commits what its predecessors left (Raft paper, section 5.4.2).
  AppendAsLeader(EntryKind::kCommand, Payload());
}

void Raft::CheckQuorum() {
  const VoteOutcome outcome = CountVotes(*conf_, [this](PeerId peer) {
    const Progress* progress = FindProgress(peer);
    return peer == id_ || (progress != nullptr && progress->recent_active) ? Vote::kGranted : Vote::kMissing;
  });
  for (Progress& progress : progress_) progress.recent_active = false;
  if (outcome == VoteOutcome::kWon) return;
  ORRERY_PROBE_IF(options_->probes, "raft.election.stepped_down_without_quorum");
  BecomeFollower(term_, PeerId());
}

/// What this peer's part in an election tells about commits. Fails if the log cannot be read.
KnownCommit Raft::OwnCommit() {
  const Result<Term> term = log_.TermAt(log_.commit());
  if (!term.ok()) {
    Fail(term.status());
    return KnownCommit{};
  }
  return KnownCommit{.index = log_.commit(), .term = *term};
}

/// Any peer may say what is committed, if this one holds that very entry: then all before it agrees too (Log Matching).
/// Without this a change of membership can end every election: those who know that it is committed may not campaign any
/// more but hold longer logs, and who could campaign still counts by the old configuration and is refused.
///
/// Only from a term that this peer has entered: then whoever leads here, now or later, holds the entry, and an answer
/// that goes by the commit position (HandleAppend) is true for that leader.
void Raft::LearnCommit(const Message& message) {
  const auto* request = std::get_if<VoteRequest>(&message.body);
  const auto* response = std::get_if<VoteResponse>(&message.body);
  if (request == nullptr && response == nullptr) return;
  const KnownCommit& told = request != nullptr ? request->commit : response->commit;
  if (role_ == Role::kLeader || message.term > term_) return;  // A leader knows better.
  if (told.index <= log_.commit() || told.index > log_.last_index()) return;
  const Result<Term> mine = log_.TermAt(told.index);
  if (!mine.ok()) return Fail(mine.status());
  if (*mine != told.term) return;
  ORRERY_PROBE_IF(options_->probes, "raft.election.commit_learned");
  log_.CommitTo(told.index);
  if (role_ == Role::kFollower || !HasUnappliedConfChange()) return;
  // It has counted by a configuration that is over: it applies the next one and begins anew.
  ORRERY_PROBE_IF(options_->probes, "raft.election.outdated_conf");
  if (failure_.ok()) BecomeFollower(term_, PeerId());
}

}  // namespace orrery::raft
