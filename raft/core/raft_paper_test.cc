// One test for each rule of the Raft paper (Ongaro and Ousterhout 2014, "5.2") and of Ongaro's thesis ("thesis 3.10").
#include <doctest/doctest.h>

#include <set>

#include "raft/core/model/test_group.h"

namespace orrery::raft {
namespace {

/// The only message that peer 1 sent, if it is a Body; else the test fails.
template <class Body>
Body Only(TestGroup& group) {
  group.Pump(1);
  REQUIRE(group.wire.size() == 1);
  REQUIRE(Is<Body>(group.wire.front()));
  return std::get<Body>(std::exchange(group.wire, {}).front().body);
}

// --- 5.1 Terms -----------------------------------------------------------------------------------------------------

TEST_CASE("Raft paper 5.1: a leader that sees a higher term follows and adopts it") {
  TestGroup group(3, Plain());
  group.Elect(1);
  group.raft(1).Step(To1(2, 9, HeartbeatResponse{})).IgnoreError();
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK(group.raft(1).term() == Term(9));
}

TEST_CASE("Raft paper 5.1: a candidate that sees a higher term follows and adopts it") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  group.raft(1).Step(To1(2, 9, VoteResponse{.campaign_term = Term(9)})).IgnoreError();
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK(group.raft(1).term() == Term(9));
}

TEST_CASE("Raft paper 5.1: a message of an old term changes nothing and is answered with the term") {
  TestGroup group(3, Plain());
  group.raft(1).Step(To1(2, 5, HeartbeatRequest{})).IgnoreError();
  group.Pump(1);
  group.wire.clear();
  const Status status = group.raft(1).Step(AppendOf(3, 4, 1, 1, {4}, 1));
  CHECK(status.code() == StatusCode::kStaleTerm);
  group.Pump(1);
  REQUIRE(group.wire.size() == 1);
  CHECK(group.wire.front().term == Term(5));
  CHECK(group.raft(1).log().last_index() == LogIndex(1));
  CHECK(group.raft(1).leader() == PeerId(2));
}

TEST_CASE("Raft paper 5.1: the term survives a crash") {
  TestGroup group(3, Plain());
  group.raft(1).Step(To1(2, 7, HeartbeatRequest{})).IgnoreError();
  group.Pump(1);
  group.node(1).Crash();
  group.node(1).Restart();
  CHECK(group.raft(1).term() == Term(7));
}

// --- 5.2 Leader election -------------------------------------------------------------------------------------------

TEST_CASE("Raft paper 5.2: servers start as followers") {
  TestGroup group(3);
  for (auto& node : group.nodes) CHECK(node->raft().role() == Role::kFollower);
}

TEST_CASE("Raft paper 5.2: a leader sends heartbeats to everybody, every heartbeat timeout") {
  TestGroup group(3);
  group.Elect(1);
  group.Tick(1, group.options.heartbeat_ticks - 1);
  CHECK(CountOf<HeartbeatRequest>(group.wire) == 0);
  group.Tick(1, 1);
  CHECK(CountOf<HeartbeatRequest>(group.wire) == 2);
  group.Tick(1, group.options.heartbeat_ticks);
  CHECK(CountOf<HeartbeatRequest>(group.wire) == 4);
}

TEST_CASE("Raft paper 5.2: a follower that hears nothing increments its term, votes for itself and asks everybody") {
  TestGroup group(3, Plain());
  group.Tick(1, 2 * group.options.election_ticks);
  CHECK(group.raft(1).role() == Role::kCandidate);
  CHECK(group.raft(1).View().vote == PeerId(1));
  CHECK(group.raft(1).term() == kBootstrapTerm.Next());
  CHECK(CountOf<VoteRequest>(group.wire) == 2);
}

TEST_CASE("Raft paper 5.2: a follower that hears its leader stays one") {
  TestGroup group(3, Plain());
  group.Elect(1);
  for (int i = 0; i < 20; ++i) {
    group.Tick(2, group.options.election_ticks - 1);
    group.Beat(1);
  }
  CHECK(group.raft(2).role() == Role::kFollower);
}

TEST_CASE("Raft paper 5.2: a candidate wins with the votes of a majority, and not before") {
  for (const uint64_t size : {1, 2, 3, 4, 5, 7}) {
    CAPTURE(size);
    TestGroup group(size, Plain());
    REQUIRE(group.raft(1).Campaign().ok());
    group.Pump(1);
    for (uint64_t votes = 1; votes < size / 2 + 1; ++votes) {
      CHECK(group.raft(1).role() == Role::kCandidate);
      group.raft(1).Step(To1(votes + 1, 2, VoteResponse{.granted = true, .campaign_term = Term(2)})).IgnoreError();
    }
    CHECK(group.raft(1).role() == Role::kLeader);
  }
}

TEST_CASE("Raft paper 5.2: one voter's vote counts once, however often it arrives") {
  TestGroup group(5, Plain());
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  for (int i = 0; i < 5; ++i) {
    group.raft(1).Step(To1(2, 2, VoteResponse{.granted = true, .campaign_term = Term(2)})).IgnoreError();
  }
  CHECK(group.raft(1).role() == Role::kCandidate);
}

TEST_CASE("Raft paper 5.2: a candidate that is refused by a majority follows again") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  for (const uint64_t voter : {2, 3}) {
    group.raft(1).Step(To1(voter, 2, VoteResponse{.campaign_term = Term(2)})).IgnoreError();
  }
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK(group.raft(1).term() == Term(2));
}

TEST_CASE("Raft paper 5.2: one vote per term, first come, first served, and again for who has it") {
  TestGroup group(3, Plain());
  const auto ask = [&](uint64_t candidate) {
    const VoteRequest request{.campaign_term = Term(2), .last_index = LogIndex(1), .last_term = Term(1)};
    group.raft(1).Step(To1(candidate, 2, request)).IgnoreError();
    return Only<VoteResponse>(group).granted;
  };
  CHECK(ask(2));
  CHECK(!ask(3));
  CHECK(ask(2));
  group.node(1).Crash();
  group.node(1).Restart();
  CHECK(!ask(3));
  CHECK(ask(2));
}

TEST_CASE("Raft paper 5.2: a candidate that hears a leader of its term follows it") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, {2}, 1)).ok());
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK(group.raft(1).leader() == PeerId(2));
}

TEST_CASE("Raft paper 5.2: timeouts are spread over [election, 2 * election), by peer and by term") {
  std::set<uint32_t> by_peer;
  std::set<uint32_t> by_term;
  for (uint64_t i = 0; i < 400; ++i) {
    by_peer.insert(ElectionTimeoutTicks(10, i, Term(5)));
    by_term.insert(ElectionTimeoutTicks(10, 5, Term(i)));
  }
  for (const auto& drawn : {by_peer, by_term}) {
    CHECK(drawn.size() == 10);
    CHECK(*drawn.begin() == 10);
    CHECK(*drawn.rbegin() == 19);
  }
}

TEST_CASE("Raft paper 5.2: peers left alone find a leader though all may split their votes") {
  for (uint64_t size = 2; size <= 5; ++size) {
    CAPTURE(size);
    TestGroup group(size, Plain());
    bool elected = false;
    for (int tick = 0; tick < 400 && !elected; ++tick) {
      for (uint64_t peer = 1; peer <= size; ++peer) group.Tick(peer, 1);
      group.Deliver(std::exchange(group.wire, {}));
      for (auto& node : group.nodes) elected = elected || node->raft().role() == Role::kLeader;
    }
    CHECK(elected);
    CHECK(group.verdict.ToString() == "OK");
  }
}

// --- 5.3 Log replication -------------------------------------------------------------------------------------------

TEST_CASE("Raft paper 5.3: a leader appends a command and sends it to all followers in parallel") {
  TestGroup group(3);
  group.Elect(1);
  const LogIndex index = group.Propose(1, "x");
  CHECK(group.raft(1).log().last_index() == index);
  CHECK(CountOf<AppendRequest>(group.wire) == 2);
}

TEST_CASE("Raft paper 5.3: an entry is committed once a majority stores it, with all before it") {
  for (const uint64_t size : {1, 3, 4, 5}) {
    CAPTURE(size);
    TestGroup group(size);
    group.Elect(1);
    for (uint64_t peer = 2; peer <= size; ++peer) group.cut.insert(peer);
    group.Propose(1, "a");
    const LogIndex second = group.Propose(1, "b");
    const uint64_t term = group.raft(1).term().value();
    for (uint64_t stored = 1; stored < size / 2 + 1; ++stored) {
      CHECK(group.raft(1).commit() < second.Previous());
      group.raft(1).Step(To1(stored + 1, term, AppendResponse{.index = second})).IgnoreError();
    }
    CHECK(group.raft(1).commit() == second);
  }
}

TEST_CASE("Raft paper 5.3: followers learn what is committed and apply it in log order") {
  TestGroup group(3);
  group.Elect(1);
  group.Propose(1, "a");
  const LogIndex last = group.Propose(1, "b");
  group.Settle();
  for (auto& node : group.nodes) {
    CHECK(node->disk().applied() == last);
    LogIndex next = kBootstrapIndex.Next();
    for (const Ready& ready : node->taken) {
      for (const Entry& entry : ready.committed) CHECK(entry.index == std::exchange(next, next.Next()));
    }
  }
}

TEST_CASE("Raft paper 5.3: a follower refuses entries that do not join its log") {
  struct Case {
    uint64_t prev_index;
    uint64_t prev_term;
    bool accepted;
  };
  for (const Case& each :
       {Case{1, 1, true}, Case{2, 2, true}, Case{3, 3, true}, Case{3, 2, false}, Case{4, 3, false}}) {
    CAPTURE(each.prev_index);
    TestGroup group(3, Plain());
    REQUIRE(group.raft(1).Step(AppendOf(2, 3, 1, 1, {2, 3}, 1)).ok());
    Only<AppendResponse>(group);
    REQUIRE(group.raft(1).Step(AppendOf(3, 4, each.prev_index, each.prev_term, {4}, 1)).ok());
    const auto answer = Only<AppendResponse>(group);
    CHECK(answer.rejected == !each.accepted);
    CHECK(answer.index == (each.accepted ? LogIndex(each.prev_index + 1) : LogIndex(each.prev_index)));
  }
}

TEST_CASE("Raft paper 5.3: a conflicting entry goes, with all behind it; what agrees stays") {
  struct Case {
    uint64_t prev_index;
    uint64_t prev_term;
    std::vector<uint64_t> entries;
    std::vector<uint64_t> log_after;
  };
  const std::vector<Case> cases{
      {3, 3, {}, {2, 3, 3}},   // Nothing new: nothing goes, although the leader's log may end here.
      {1, 1, {2}, {2, 3, 3}},  // A prefix, late: nothing goes.
      {1, 1, {2, 3, 3, 4}, {2, 3, 3, 4}},
      {2, 2, {4}, {2, 4}},
      {1, 1, {4, 4}, {4, 4}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.prev_index);
    TestGroup group(3, Plain());
    REQUIRE(group.raft(1).Step(AppendOf(2, 3, 1, 1, {2, 3, 3}, 1)).ok());
    group.Pump(1);
    REQUIRE(group.raft(1).Step(AppendOf(3, 4, each.prev_index, each.prev_term, each.entries, 1)).ok());
    group.Pump(1);
    std::vector<uint64_t> terms;
    for (const Entry& entry : group.node(1).disk().entries()) terms.push_back(entry.term.value());
    CHECK(terms == each.log_after);
  }
}

TEST_CASE("Raft paper 5.3, figure 7: a leader brings every possible log into agreement with its own") {
  const std::vector<uint64_t> leader_log{2, 2, 2, 5, 5, 6, 6, 7, 7, 7};
  const std::vector<std::vector<uint64_t>> followers{
      {2, 2, 2, 5, 5, 6, 6, 7, 7},          {2, 2, 2, 5},          {2, 2, 2, 5, 5, 6, 6, 7, 7, 7, 7},
      {2, 2, 2, 5, 5, 6, 6, 7, 7, 7, 8, 8}, {2, 2, 2, 5, 5, 5, 5}, {2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4}};
  for (const std::vector<uint64_t>& log : followers) {
    TestGroup group(3, Plain());
    // A peer of no name, 9, led these terms.
    REQUIRE(group.raft(1).Step(AppendOf(9, 7, 1, 1, leader_log, 1)).ok());
    Message foreign = AppendOf(9, std::max<uint64_t>(log.back(), 4), 1, 1, log, 1);
    foreign.to = PeerId(2);
    REQUIRE(group.raft(2).Step(foreign).ok());
    group.raft(1).Step(To1(3, 8, HeartbeatResponse{})).IgnoreError();  // Term 8 is taken.
    group.PumpAll();
    group.wire.clear();
    group.Elect(1);
    CHECK(group.node(2).disk().entries() == group.node(1).disk().entries());
    CHECK(group.raft(2).commit() == group.raft(1).log().last_index());
    CHECK(group.verdict.ToString() == "OK");
  }
}

TEST_CASE("Raft paper 5.3: a leader tries again until every follower stores every entry") {
  TestGroup group(3);
  group.Elect(1);
  group.cut = {3};
  for (int i = 0; i < 5; ++i) group.Propose(1, "x");
  group.Settle();
  CHECK(group.raft(3).log().last_index() < group.raft(1).log().last_index());
  group.cut.clear();
  group.Beat(1);
  CHECK(group.node(3).disk().entries() == group.node(1).disk().entries());
}

// --- 5.4 Safety ----------------------------------------------------------------------------------------------------

TEST_CASE("Raft paper 5.4.1: a vote goes only to a log at least as up to date: last term first, then length") {
  struct Case {
    uint64_t last_index;
    uint64_t last_term;
    bool granted;
  };
  // The voter's log ends at 3 in term 3.
  for (const Case& each :
       {Case{3, 3, true}, Case{4, 3, true}, Case{2, 4, true}, Case{2, 3, false}, Case{9, 2, false}}) {
    CAPTURE(each.last_index);
    TestGroup group(3, Plain());
    REQUIRE(group.raft(1).Step(AppendOf(2, 3, 1, 1, {3, 3}, 1)).ok());
    Only<AppendResponse>(group);
    const VoteRequest request{
        .campaign_term = Term(5), .last_index = LogIndex(each.last_index), .last_term = Term(each.last_term)};
    REQUIRE(group.raft(1).Step(To1(3, 5, request)).ok());
    CHECK(Only<VoteResponse>(group).granted == each.granted);
  }
}

TEST_CASE("Raft paper 5.4.2, figure 8: an entry of an earlier term is not committed by counting its copies") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, {2}, 1)).ok());
  group.Pump(1);
  group.wire.clear();
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  group.raft(1).Step(To1(3, 3, VoteResponse{.granted = true, .campaign_term = Term(3)})).IgnoreError();
  group.Pump(1);
  REQUIRE(group.raft(1).role() == Role::kLeader);
  // Position 2, of term 2, is on two of three peers: not committed.
  group.raft(1).Step(To1(3, 3, AppendResponse{.index = LogIndex(2)})).IgnoreError();
  CHECK(group.raft(1).commit() == LogIndex(1));
  // With the leader's own entry behind it, it is.
  group.raft(1).Step(To1(3, 3, AppendResponse{.index = LogIndex(3)})).IgnoreError();
  CHECK(group.raft(1).commit() == LogIndex(3));
}

TEST_CASE("Raft paper 5.5: a message repeated after a follower's crash does no harm") {
  TestGroup group(3);
  group.Elect(1);
  group.Propose(1, "x");
  const std::vector<Message> appends = group.Take([](const Message& message) { return message.to == PeerId(3); });
  group.Deliver(appends);
  group.node(3).Crash();
  group.node(3).Restart();
  group.Deliver(appends);
  group.Settle();
  CHECK(group.node(3).disk().entries() == group.node(1).disk().entries());
  CHECK(group.verdict.ToString() == "OK");
}

// --- 6 Membership --------------------------------------------------------------------------------------------------

ConfChange Change(std::vector<ConfChangeStep> steps, ConfChange::Transition transition) {
  return ConfChange{.transition = transition, .steps = std::move(steps), .context = {}};
}
ConfChangeStep Step(ConfChangeStep::Kind kind, uint64_t peer) {
  return ConfChangeStep{kind, PeerId(peer), {}};
}
using Kind = ConfChangeStep::Kind;
using Transition = ConfChange::Transition;

TEST_CASE("Raft paper 6: in a joint configuration a decision needs both majorities") {
  TestGroup group(3, {}, 2);
  group.Elect(1);
  const std::vector<ConfChangeStep> steps{Step(Kind::kAddVoter, 4), Step(Kind::kAddVoter, 5), Step(Kind::kRemove, 2),
                                          Step(Kind::kRemove, 3)};
  REQUIRE(group.raft(1).ProposeConfChange(Change(steps, Transition::kJointManual)).ok());
  group.cut = {4, 5};
  group.Settle();
  REQUIRE(group.raft(1).conf().IsJoint());
  const LogIndex index = group.Propose(1, "x");
  group.Settle();
  CHECK(group.raft(1).commit() < index);  // 1, 2 and 3 hold it: the new half has one of three.
  group.cut = {2, 3};
  group.Beat(1);
  group.Beat(1);
  CHECK(group.raft(4).log().last_index() >= LogIndex(2));
  group.cut.clear();
  group.Beat(1);
  CHECK(group.raft(1).commit() >= index);
  CHECK(group.verdict.ToString() == "OK");
}

TEST_CASE("Raft paper 6: a leader that is not in the new configuration steps down once that is committed") {
  TestGroup group(3);
  group.Elect(1);
  REQUIRE(group.raft(1).ProposeConfChange(Change({Step(Kind::kRemove, 1)}, Transition::kAuto)).ok());
  CHECK(group.raft(1).role() == Role::kLeader);
  group.Settle();
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK((group.raft(2).role() == Role::kLeader || group.raft(3).role() == Role::kLeader));
}

TEST_CASE("Thesis 4.2.1: a learner receives the log and counts for nothing") {
  TestGroup group(3, {}, 1);
  group.Elect(1);
  REQUIRE(group.raft(1).ProposeConfChange(Change({Step(Kind::kAddLearner, 4)}, Transition::kAuto)).ok());
  group.Settle();
  group.cut = {2, 3};
  const LogIndex index = group.Propose(1, "x");
  group.Settle();
  CHECK(group.raft(4).log().last_index() == index);
  CHECK(group.raft(1).commit() < index);
  group.Tick(4, 100);
  CHECK(group.raft(4).role() == Role::kFollower);
}

TEST_CASE("Thesis 4.2.3: a peer that hears a leader ignores a campaign, and does not even adopt its term") {
  TestGroup group(3);
  group.Elect(1);
  const VoteRequest request{.campaign_term = Term(9), .last_index = LogIndex(9), .last_term = Term(2)};
  for (const uint64_t peer : {1, 2}) {
    REQUIRE(group.raft(peer).Step(Message{PeerId(3), PeerId(peer), Term(9), request}).ok());
    CHECK(group.raft(peer).term() == Term(2));
  }
  group.PumpAll();
  CHECK(group.wire.empty());
}

// --- 7 Snapshots ---------------------------------------------------------------------------------------------------

SnapshotMeta MetaAt(uint64_t index, uint64_t term) {
  return SnapshotMeta{LogIndex(index), Term(term), Voters(3)};
}

TEST_CASE("Raft paper 7: a snapshot ahead of the log replaces it") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, {2}, 1)).ok());
  group.Pump(1);
  REQUIRE(group.raft(1).Step(To1(2, 3, InstallSnapshot{MetaAt(5, 3)})).ok());
  group.wire.clear();
  const auto answer = Only<AppendResponse>(group);
  CHECK(!answer.rejected);
  CHECK(answer.index == LogIndex(5));
  CHECK(group.node(1).disk().applied() == LogIndex(5));
  CHECK(group.raft(1).log().first_index() == LogIndex(6));
}

TEST_CASE("Raft paper 7: a snapshot of a prefix of the log keeps what is behind it") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, {2, 2, 2}, 1)).ok());
  group.Pump(1);
  REQUIRE(group.raft(1).Step(To1(2, 2, InstallSnapshot{MetaAt(3, 2)})).ok());
  group.Pump(1);
  CHECK(group.raft(1).log().last_index() == LogIndex(4));
  CHECK(group.raft(1).commit() == LogIndex(3));
  CHECK(group.node(1).disk().applied() == LogIndex(3));
}

TEST_CASE("Raft paper 7: an old snapshot is answered with what is committed and changes nothing") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, {2, 2, 2}, 4)).ok());
  Only<AppendResponse>(group);
  REQUIRE(group.raft(1).Step(To1(2, 2, InstallSnapshot{MetaAt(3, 2)})).ok());
  CHECK(Only<AppendResponse>(group).index == LogIndex(4));
}

// --- 8 and thesis 6: clients ---------------------------------------------------------------------------------------

TEST_CASE("Raft paper 8: a new leader commits an entry of its own at once") {
  TestGroup group(3);
  group.Elect(1);
  REQUIRE(group.node(1).disk().entries().size() == 1);
  CHECK(group.node(1).disk().entries().front().payload.empty());
  CHECK(group.raft(1).commit() == LogIndex(2));
}

TEST_CASE("Thesis 6.4: a read is served only after a round of heartbeats to a majority") {
  TestGroup group(3);
  group.Elect(1);
  REQUIRE(group.raft(1).ReadIndex(7).ok());
  group.Pump(1);
  CHECK(group.ReadsOf(1).empty());
  group.Settle();
  REQUIRE(group.ReadsOf(1).size() == 1);
  CHECK(group.ReadsOf(1).front() == ReadState{.context = 7, .index = LogIndex(2)});
}

TEST_CASE("Thesis 6.2: a leader that reaches no majority for an election timeout steps down") {
  TestGroup group(3);
  group.Elect(1);
  group.cut = {1};
  group.Tick(1, 2 * group.options.election_ticks);
  CHECK(group.raft(1).role() == Role::kFollower);
}

TEST_CASE("Thesis 6.4.1: no lease without check-quorum, before the own entry, or after the order to campaign") {
  TestGroup plain(3, Plain());
  plain.Elect(1);
  CHECK(!plain.raft(1).MayServeLease());
  TestGroup group(3);
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  group.Deliver(TakeAll<VoteRequest>(group));
  group.Deliver(TakeAll<VoteResponse>(group));
  REQUIRE(group.raft(1).role() == Role::kLeader);
  CHECK(!group.raft(1).MayServeLease());
  group.Settle();
  CHECK(group.raft(1).MayServeLease());
  REQUIRE(group.raft(1).TransferLeader(PeerId(2)).ok());
  CHECK(!group.raft(1).MayServeLease());
}

TEST_CASE("Thesis 3.10: leadership is handed over to the peer asked for, and proposals wait meanwhile") {
  TestGroup group(3);
  group.Elect(1);
  REQUIRE(group.raft(1).TransferLeader(PeerId(3)).ok());
  CHECK(group.raft(1).Propose(Payload("x")).code() == StatusCode::kBusy);
  group.Settle();
  CHECK(group.raft(3).role() == Role::kLeader);
  CHECK(group.verdict.ToString() == "OK");
}

TEST_CASE("Thesis 9.6: a pre-vote changes no term and no vote anywhere") {
  TestGroup group(3);
  group.Tick(1, 2 * group.options.election_ticks);
  REQUIRE(group.raft(1).role() == Role::kPreCandidate);
  CHECK(group.raft(1).term() == kBootstrapTerm);
  const std::vector<Message> asked = TakeAll<VoteRequest>(group);
  group.Deliver({asked.front()});
  CHECK(group.raft(2).term() == kBootstrapTerm);
  CHECK(!group.raft(2).View().vote.valid());
}

TEST_CASE("Thesis 10.2.1: a leader sends before it has written, and counts itself only after") {
  TestGroup group(3);
  group.Elect(1);
  group.store = false;
  const LogIndex index = group.Propose(1, "x");
  CHECK(CountOf<AppendRequest>(group.wire) == 2);
  group.raft(1).Step(To1(2, 2, AppendResponse{.index = index})).IgnoreError();
  CHECK(group.raft(1).commit() < index);
  group.raft(1).Step(To1(3, 2, AppendResponse{.index = index})).IgnoreError();
  CHECK(group.raft(1).commit() == index);
  CHECK(group.raft(1).View().handed < index);
}

}  // namespace
}  // namespace orrery::raft
