#include "raft/core/raft.h"

#include <algorithm>
#include <utility>

namespace orrery::raft {
namespace {

Status Invalid(const char* what) {
  return Status(StatusCode::kInvalidArgument, what);
}

Status CheckAppend(const Message& message, const AppendRequest& request) {
  LogIndex index = request.prev_index;
  Term term = request.prev_term;
  for (const Entry& entry : request.entries) {
    index = index.Next();
    if (entry.index != index) return Invalid("append: entries are not contiguous");
    if (entry.term < term) return Invalid("append: terms fall");
    term = entry.term;
  }
  if (term > message.term) return Invalid("append: an entry from the leader's future");
  return Status::Ok();
}

Status CheckKnownCommit(const Message& message, const KnownCommit& commit) {
  if (commit.term > message.term) return Invalid("vote: a commit from the sender's future");
  return Status::Ok();
}

Status CheckVoteRequest(const Message& message, const VoteRequest& request) {
  const Term expected = request.pre_vote ? message.term.Next() : message.term;
  if (request.campaign_term != expected) return Invalid("vote request: campaign term does not fit");
  if (request.last_term >= request.campaign_term) return Invalid("vote request: a log from the future");
  if (request.commit.index > request.last_index) return Invalid("vote request: a commit behind the end of the log");
  return CheckKnownCommit(message, request.commit);
}

/// What no correct peer sends. Nothing may change because of it.
Status CheckMessage(const Message& message) {
  if (!message.from.valid()) return Invalid("message from peer 0");
  if (message.from == message.to) return Invalid("message from this peer itself");
  if (const auto* append = std::get_if<AppendRequest>(&message.body)) return CheckAppend(message, *append);
  if (const auto* vote = std::get_if<VoteRequest>(&message.body)) return CheckVoteRequest(message, *vote);
  if (const auto* vote = std::get_if<VoteResponse>(&message.body)) return CheckKnownCommit(message, vote->commit);
  if (const auto* install = std::get_if<InstallSnapshot>(&message.body)) {
    if (install->meta.term > message.term) return Invalid("snapshot from the leader's future");
    if (install->meta.conf.members.empty()) return Invalid("snapshot without a configuration");
    if (!install->meta.conf.Check().ok()) return Invalid("snapshot with a broken configuration");
  }
  return Status::Ok();
}

bool IsFromLeader(const MessageBody& body) {
  return std::holds_alternative<AppendRequest>(body) || std::holds_alternative<HeartbeatRequest>(body) ||
         std::holds_alternative<InstallSnapshot>(body) || std::holds_alternative<TimeoutNow>(body);
}

}  // namespace

Raft::Raft(PeerId id, const RaftOptions& options, const LogReader& log, uint64_t seed)
    : options_(&options), seed_(seed), id_(id), log_(log, log.Initial()) {
  ORRERY_ASSERT(id.valid());
  const InitialState initial = log.Initial();
  term_ = initial.hard_state.term;
  vote_ = initial.hard_state.vote;
  stored_commit_ = initial.hard_state.commit;
  conf_ = std::make_shared<const ConfState>(initial.conf);
  told_soft_state_ = soft_state();
  // No leader exists up to the bootstrap term, so a peer in it has acknowledged nothing.
  if (options.no_vote_after_restart && term_ > kBootstrapTerm) vote_hold_ticks_ = 2 * options.election_ticks;
  if (Status status = CheckStored(initial); !status.ok()) Fail(std::move(status));
}

Status Raft::CheckStored(const InitialState& initial) {
  ORRERY_RETURN_IF_ERROR(initial.conf.Check());
  ORRERY_RETURN_IF_ERROR(log_.Load());
  if (log_.last_term() <= term_) return Status::Ok();
  return Status(StatusCode::kCorruption, "raft: the log is ahead of the stored term");
}

void Raft::Tick() {
  if (!failure_.ok()) return;
  if (vote_hold_ticks_ > 0) --vote_hold_ticks_;
  if (role_ == Role::kLeader) {
    TickLeader();
  } else {
    TickElection();
  }
}

Status Raft::Step(const Message& message) {
  ORRERY_RETURN_IF_ERROR(failure_);
  if (message.to != id_) return Status(StatusCode::kWrongTarget, "message is for peer " + ToString(message.to));
  ORRERY_RETURN_IF_ERROR(CheckMessage(message));
  if (const auto* request = std::get_if<VoteRequest>(&message.body)) {
    if (ProtectsLeader(*request)) {
      ORRERY_PROBE_IF(options_->probes, "raft.election.leader_protected");
      return Status::Ok();
    }
    if (request->pre_vote) {  // Asks, and must change no term: no look at them.
      LearnCommit(message);
      ORRERY_RETURN_IF_ERROR(failure_);
      HandlePreVoteRequest(message, *request);
      return failure_;
    }
  }
  if (message.term > term_) {
    BecomeFollower(message.term, PeerId());
  }
  LearnCommit(message);
  ORRERY_RETURN_IF_ERROR(failure_);
  if (message.term < term_) {
    const auto* response = std::get_if<VoteResponse>(&message.body);
    // A peer behind this one may well agree to a campaign.
    if (response == nullptr || !response->pre_vote) return HandleStaleTerm(message);
  }
  if (IsFromLeader(message.body)) {
    if (role_ == Role::kLeader) return Invalid("a second leader in this term");
    if (leader_.valid() && leader_ != message.from) return Invalid("a second leader in this term");
    AcceptLeader(message.from);
  }
  return Dispatch(message);
}

Status Raft::Dispatch(const Message& message) {
  struct Visitor {
    Raft& raft;
    const Message& message;
    void operator()(const VoteRequest& m) { raft.HandleVoteRequest(message, m); }
    void operator()(const VoteResponse& m) { raft.HandleVoteResponse(message, m); }
    void operator()(const AppendRequest& m) { raft.HandleAppend(message, m); }
    void operator()(const AppendResponse& m) { raft.HandleAppendResponse(message, m); }
    void operator()(const HeartbeatRequest& m) { raft.HandleHeartbeat(message, m); }
    void operator()(const HeartbeatResponse& m) { raft.HandleHeartbeatResponse(message, m); }
    void operator()(const InstallSnapshot& m) { raft.HandleInstallSnapshot(message, m); }
    void operator()(const TimeoutNow&) { raft.HandleTimeoutNow(); }
    void operator()(const ReadIndexRequest& m) { raft.HandleReadIndexRequest(message, m); }
    void operator()(const ReadIndexResponse& m) { raft.HandleReadIndexResponse(m); }
  };
  std::visit(Visitor{*this, message}, message.body);
  return failure_;
}

Status Raft::HandleStaleTerm(const Message& message) {
  if (const auto* request = std::get_if<VoteRequest>(&message.body)) {
    const VoteResponse refused{.granted = false, .campaign_term = request->campaign_term, .commit = OwnCommit()};
    Send(message.from, refused, After::kTermDurable);
  } else if (IsFromLeader(message.body)) {
    // A leader of the past, or one that this peer cannot follow because it is ahead: the term tells it to step down.
    ORRERY_PROBE_IF(options_->probes, "raft.term.stale_leader_told");
    Send(message.from, HeartbeatResponse{}, After::kTermDurable);
  }
  return Status(StatusCode::kStaleTerm, "message from term " + ToString(message.term));
}

void Raft::AcceptLeader(PeerId leader) {
  if (role_ != Role::kFollower) BecomeFollower(term_, leader);
  leader_ = leader;
  election_elapsed_ = 0;
  if (options_->check_quorum) vote_hold_ticks_ = std::max(vote_hold_ticks_, options_->election_ticks);
}

void Raft::BecomeFollower(Term term, PeerId leader) {
  if (role_ == Role::kLeader) LeaveLeadership();
  if (term > term_) {
    EnterTerm(term);
  }
  role_ = Role::kFollower;
  leader_ = leader;
  votes_.clear();
}

void Raft::EnterTerm(Term term) {
  ORRERY_ASSERT(term > term_);
  term_ = term;
  vote_ = PeerId();
  leader_ = PeerId();
  term_dirty_ = true;
}

void Raft::LeaveLeadership() {
  progress_.clear();
  progress_.shrink_to_fit();
  // Reads in waiting are forgotten: their callers ask the next leader under a new context.
  if (!reads_.empty()) ORRERY_PROBE_IF(options_->probes, "raft.read.dropped_with_leadership");
  reads_.clear();
  transferee_ = PeerId();
  lease_given_up_ = false;
  append_wanted_ = false;
  heartbeat_round_ = 0;
  quorum_round_ = 0;
  told_quorum_round_ = 0;
  uncommitted_bytes_ = 0;
  term_start_ = LogIndex();
  pending_conf_index_ = LogIndex();
  election_elapsed_ = 0;
  heartbeat_elapsed_ = 0;
  transfer_elapsed_ = 0;
}

void Raft::Fail(Status status) {
  ORRERY_PROBE_IF(options_->probes, "raft.storage.failed");
  BecomeFollower(term_, PeerId());
  failure_ = std::move(status);
  outbox_now_.clear();
  held_.clear();
  read_states_.clear();
}

// --- Sending -----------------------------------------------------------------------------------------------------

bool Raft::HasUntaken() const {
  return term_dirty_ || snapshot_untaken_ || log_.has_unstored();
}

bool Raft::TermDurable() const {
  return !term_dirty_ && term_number_ <= persisted_number_;
}

ReadyNumber Raft::TermReady() const {
  return term_dirty_ ? last_number_.Next() : term_number_;
}

/// The Ready whose persistence lets such a message leave; zero: it may leave now.
ReadyNumber Raft::NumberFor(After after) const {
  if (after == After::kTermDurable) return TermDurable() ? ReadyNumber() : TermReady();
  if (HasUntaken()) return last_number_.Next();
  return unpersisted_.empty() ? ReadyNumber() : last_number_;
}

void Raft::Send(PeerId to, MessageBody body, After after) {
  Message message{id_, to, term_, std::move(body)};
  const ReadyNumber number = NumberFor(after);
  if (number.value() == 0) {
    outbox_now_.push_back(std::move(message));
  } else {
    Hold(number, std::move(message));
  }
}

/// Adds to what waits for `number`, unless that says it already: duplicates that arrive while a slow disk writes must
/// not pile up, and of two acknowledgements only the larger matters.
void Raft::Hold(ReadyNumber number, Message message) {
  const auto* mine = std::get_if<AppendResponse>(&message.body);
  for (auto held = held_.rbegin(); held != held_.rend() && held->number == number; ++held) {
    if (held->message.to != message.to || held->message.term != message.term) continue;
    auto* theirs = std::get_if<AppendResponse>(&held->message.body);
    if (mine != nullptr && theirs != nullptr && !mine->rejected && !theirs->rejected) {
      theirs->index = std::max(theirs->index, mine->index);
      return;
    }
    if (held->message == message) return;
  }
  held_.push_back(Held{number, std::move(message)});
}

// --- Looking -----------------------------------------------------------------------------------------------------

RaftView Raft::View() const {
  return RaftView{
      .id = id_,
      .role = role_,
      .leader = leader_,
      .term = term_,
      .vote = vote_,
      .first_index = log_.first_index(),
      .last_index = log_.last_index(),
      .last_term = log_.last_term(),
      .persisted = log_.persisted(),
      .commit = log_.commit(),
      .handed = log_.handed(),
      .applied = log_.applied(),
      .transferee = transferee_,
      .heartbeat_round = heartbeat_round_,
      .quorum_round = quorum_round_,
      .term_start = term_start_,
      .reads_in_round = ReadsInRound(),
      .read_position = reads_.empty() ? LogIndex() : reads_.front().index,
      .in_joint = conf_->IsJoint(),
      .term_ready = TermReady(),
      .persisted_ready = persisted_number_,
      .installing = log_.has_pending_snapshot(),
      .may_serve_lease = MayServeLease(),
  };
}

bool Raft::MayServeLease() const {
  return role_ == Role::kLeader && options_->check_quorum && CommittedInTerm() && !lease_given_up_;
}

bool Raft::NeedsTick() const {
  if (!failure_.ok()) return false;
  if (vote_hold_ticks_ > 0) return true;
  if (role_ == Role::kLeader) return progress_.size() > 1;
  return conf_->IsVoter(id_);
}

}  // namespace orrery::raft
