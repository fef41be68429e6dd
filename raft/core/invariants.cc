#include "raft/core/invariants.h"

#include "raft/core/quorum_laws.h"

namespace orrery::raft {
namespace {

constexpr std::string_view kHead = "raft invariant broken: ";
constexpr std::string_view kBehindFact = " [";

Status Broken(std::string_view fact, std::string_view where) {
  std::string text(kHead);
  text.append(fact).append(kBehindFact).append(where).append("]");
  return Status(StatusCode::kCorruption, std::move(text));
}

/// Collects the first broken fact.
class Facts {
 public:
  explicit Facts(const RaftView& view) : view_(view) {}

  void Expect(bool holds, const char* sentence) {
    if (holds || broken_ != nullptr) return;
    broken_ = sentence;
  }
  Status Verdict() const {
    if (broken_ == nullptr) return Status::Ok();
    return Broken(broken_, "peer " + ToString(view_.id) + ", " + std::string(RoleName(view_.role)) + ", term " +
                               ToString(view_.term) + ", last " + ToString(view_.last_index) + ", commit " +
                               ToString(view_.commit));
  }

 private:
  const RaftView& view_;
  const char* broken_ = nullptr;
};

void ExpectPositions(Facts& facts, const RaftView& v) {
  facts.Expect(v.applied <= v.handed, "only what was handed out is applied");
  facts.Expect(v.handed <= v.commit, "only committed entries are handed out");
  facts.Expect(v.handed <= v.persisted, "only durable entries are handed out");
  facts.Expect(v.persisted <= v.last_index, "nothing beyond the log's end is durable");
  facts.Expect(v.commit <= v.last_index, "nothing beyond the log's end is committed");
  facts.Expect(v.applied.Next() >= v.first_index, "only applied entries are compacted");
  facts.Expect(v.last_term <= v.term, "no entry is from a term this peer has not seen");
}

}  // namespace

Status RaftInvariants::CheckView(const RaftView& v) {
  Facts facts(v);
  ExpectPositions(facts, v);
  const bool leads = v.role == Role::kLeader;
  facts.Expect(!leads || v.leader == v.id, "a leader knows that it leads");
  facts.Expect(leads || v.leader != v.id, "who does not lead does not follow itself");
  facts.Expect(!leads || v.vote == v.id, "a leader voted for itself");
  facts.Expect(!leads || v.term_durable(), "a leader's term and vote are durable");
  facts.Expect(v.read_position.value() == 0 || v.commit >= v.term_start,
               "before its term has a commit a leader knows no position for a read (thesis 6.4)");
  return facts.Verdict();
}

Status RaftInvariants::CheckState(const Raft& raft) {
  const RaftView v = raft.View();
  ORRERY_RETURN_IF_ERROR(CheckView(v));
  Facts facts(v);
  const bool leads = v.role == Role::kLeader;
  facts.Expect(!leads || raft.conf().IsVoter(v.id), "a leader is a voter");
  facts.Expect(!leads || !raft.log().has_pending_snapshot(), "a leader installs no snapshot");
  facts.Expect(!leads || v.last_index >= raft.term_start_, "a leader has the first entry of its term");
  facts.Expect(leads || raft.progress_.empty(), "only a leader tracks followers");
  facts.Expect(leads || raft.reads_.empty(), "only a leader confirms reads");
  facts.Expect(leads || !v.transferee.valid(), "only a leader hands over");
  facts.Expect(v.role != Role::kCandidate || v.vote == v.id, "a candidate voted for itself");
  facts.Expect(v.role == Role::kFollower || !raft.log().has_pending_snapshot(), "who installs a snapshot follows");
  facts.Expect(!leads || v.quorum_round <= v.heartbeat_round, "no round is acknowledged before it began");
  facts.Expect(!leads || v.commit < v.last_index || raft.uncommitted_bytes_ == 0,
               "with everything committed, no uncommitted bytes are counted");
  facts.Expect(raft.progress_.empty() || raft.progress_.size() == raft.conf().members.size(),
               "a leader tracks the members, all and only");
  for (const Progress& p : raft.progress_) {
    facts.Expect(p.match <= v.last_index, "no follower holds more of this log than its leader");
    facts.Expect(p.match < p.next, "what a follower holds is not sent again");
    facts.Expect(p.next <= v.last_index.Next(), "nothing beyond the log's end was sent");
    facts.Expect(p.acked_round <= v.heartbeat_round, "no follower answers a round before it began");
    facts.Expect(p.state == ProgressState::kReplicate || p.inflights.size() == 0, "only replication pipelines");
  }
  facts.Expect(raft.persisted_number_ <= raft.last_number_, "nothing is persisted before it was asked for");
  for (const Raft::Held& held : raft.held_) {
    facts.Expect(held.number > raft.persisted_number_, "a message is not held longer than its promise needs");
    facts.Expect(held.number <= raft.last_number_ || raft.HasUntaken(), "a held message waits for a Ready that comes");
  }
  ORRERY_RETURN_IF_ERROR(facts.Verdict());
  return raft.handed_confs_.empty() ? Status::Ok() : CheckConfChain(raft.conf(), raft.handed_confs_);
}

std::string_view RaftInvariants::FactOf(const Status& broken) {
  std::string_view text = broken.message();
  const size_t begin = text.find(kHead);
  if (begin == std::string_view::npos) return text;
  text.remove_prefix(begin + kHead.size());
  return text.substr(0, text.find(kBehindFact));
}

Status RaftInvariants::CheckConfChain(const ConfState& conf, const std::vector<ConfAt>& following) {
  const ConfState* before = &conf;
  for (const ConfAt& next : following) {
    if (!DecisionsOverlap(*before, next.conf)) {
      return Broken(
          "two configurations in succession may decide apart (thesis 4.1)",
          "\"" + before->ToString() + "\" and, from " + ToString(next.index) + " on, \"" + next.conf.ToString() + "\"");
    }
    before = &next.conf;
  }
  return Status::Ok();
}

Status RaftInvariants::CheckDelta(const RaftView& before, const RaftView& after) {
  Facts facts(after);
  const bool same_term = before.term == after.term;
  const bool kept_leading = same_term && before.role == Role::kLeader && after.role == Role::kLeader;
  facts.Expect(before.id == after.id, "a peer stays who it is");
  facts.Expect(before.term <= after.term, "terms never fall");
  facts.Expect(before.commit <= after.commit, "the commit position never falls");
  facts.Expect(before.handed <= after.handed, "nothing is handed out twice");
  facts.Expect(before.applied <= after.applied, "the applied position never falls");
  facts.Expect(before.first_index <= after.first_index, "compacted entries do not come back");
  facts.Expect(!same_term || !before.vote.valid() || before.vote == after.vote, "one vote per term");
  facts.Expect(
      !same_term || before.role == Role::kLeader || after.role != Role::kLeader || before.role == Role::kCandidate,
      "leaders were candidates");
  facts.Expect(!same_term || before.role != Role::kLeader || after.role == Role::kLeader ||
                   after.role == Role::kFollower || after.role == Role::kPreCandidate,
               "a leader campaigns for no term it led");
  facts.Expect(!same_term || !before.leader.valid() || !after.leader.valid() || before.leader == after.leader,
               "one leader per term");
  facts.Expect(!kept_leading || before.last_index <= after.last_index, "a leader only appends");
  facts.Expect(!kept_leading || before.commit == after.commit || after.commit >= after.term_start,
               "a leader counts replicas of entries of its own term only (Raft paper, 5.4.2)");
  // Such an entry came from this term's leader, so all before it is the leader's as well, and a leader only appends.
  facts.Expect(!same_term || before.last_term != before.term || before.last_index <= after.last_index,
               "a log that ends in the present term is not cut in it (Log Matching)");
  facts.Expect(
      !kept_leading || before.heartbeat_round != after.heartbeat_round || before.reads_in_round >= after.reads_in_round,
      "no read joins a round that has begun (thesis 6.4)");
  facts.Expect(!kept_leading || before.heartbeat_round <= after.heartbeat_round, "heartbeat rounds never fall");
  facts.Expect(!kept_leading || before.quorum_round <= after.quorum_round, "acknowledged rounds never fall");
  return facts.Verdict();
}

}  // namespace orrery::raft
