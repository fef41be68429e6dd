// Bugs that other Raft implementations shipped (etcd-io/raft, raft-rs, TiKV, async-raft), each as the test that would
// have found it here. The names R1.. are this project's own; the causes are described, not quoted.
#include <doctest/doctest.h>

#include "raft/core/codec.h"
#include "raft/core/model/test_group.h"

namespace orrery::raft {
namespace {

ConfChange Joint(std::vector<ConfChangeStep> steps) {
  return ConfChange{.transition = ConfChange::Transition::kJoint, .steps = std::move(steps), .context = {}};
}
ConfChangeStep Remove(uint64_t peer) {
  return ConfChangeStep{ConfChangeStep::Kind::kRemove, PeerId(peer), {}};
}
ConfChangeStep AddVoter(uint64_t peer) {
  return ConfChangeStep{ConfChangeStep::Kind::kAddVoter, PeerId(peer), {}};
}
ConfChangeStep AddLearner(uint64_t peer) {
  return ConfChangeStep{ConfChangeStep::Kind::kAddLearner, PeerId(peer), {}};
}

/// Peer 2 leads a new term and has committed nothing in it; the appends are kept from everybody.
void LeadWithoutCommit(TestGroup& group) {
  group.Elect(1);
  group.Propose(1, "x");
  group.Settle();
  REQUIRE(group.raft(1).TransferLeader(PeerId(2)).ok());
  group.Pump(1);
  group.Deliver(TakeAll<TimeoutNow>(group));
  group.Deliver(TakeAll<VoteRequest>(group));
  group.Deliver(TakeAll<VoteResponse>(group));
  REQUIRE(group.raft(2).role() == Role::kLeader);
  TakeAll<AppendRequest>(group);
}

TEST_CASE("R1: a new leader answers no read before it has committed an entry of its term") {
  TestGroup group(3);
  LeadWithoutCommit(group);
  REQUIRE(group.raft(2).ReadIndex(1).ok());
  group.Pump(2);
  group.Deliver(TakeAll<HeartbeatRequest>(group));
  group.Deliver(TakeAll<HeartbeatResponse>(group));
  CHECK(group.raft(2).View().quorum_round == 1);
  CHECK(group.ReadsOf(2).empty());
  group.Settle();
  REQUIRE(group.ReadsOf(2).size() == 1);
  CHECK(group.ReadsOf(2).front().index == LogIndex(4));
}

TEST_CASE("R2: nor does it answer a follower's") {
  TestGroup group(3);
  LeadWithoutCommit(group);
  group.Tick(2, group.options.heartbeat_ticks);
  group.Deliver(TakeAll<HeartbeatRequest>(group));
  TakeAll<HeartbeatResponse>(group);
  REQUIRE(group.raft(3).ReadIndex(9).ok());
  group.Pump(3);
  group.Deliver(TakeAll<ReadIndexRequest>(group));
  group.Deliver(TakeAll<HeartbeatRequest>(group));
  group.Deliver(TakeAll<HeartbeatResponse>(group));
  CHECK(TakeAll<ReadIndexResponse>(group).empty());
  group.Settle();
  REQUIRE(group.ReadsOf(3).size() == 1);
  CHECK(group.ReadsOf(3).front().index == LogIndex(4));
}

TEST_CASE("R5: an answer to an earlier round confirms no later read, and a deposed leader confirms none") {
  TestGroup group(3);
  group.Elect(1);
  REQUIRE(group.raft(1).ReadIndex(1).ok());
  group.Pump(1);
  group.Deliver(TakeAll<HeartbeatRequest>(group));
  const std::vector<Message> answers = TakeAll<HeartbeatResponse>(group);
  REQUIRE(group.raft(1).ReadIndex(2).ok());
  group.Pump(1);
  group.Deliver(answers);
  group.Deliver(answers);
  REQUIRE(group.ReadsOf(1).size() == 1);
  CHECK(group.ReadsOf(1).front().context == 1);
  group.raft(1).Step(To1(2, 9, HeartbeatResponse{.round = 2})).IgnoreError();
  group.raft(1).Step(To1(3, 2, HeartbeatResponse{.round = 2})).IgnoreError();
  group.Pump(1);
  CHECK(group.ReadsOf(1).size() == 1);
}

TEST_CASE("R7: handing out committed entries in pages skips none and moves the commit position back never") {
  RaftOptions options = Plain();
  options.apply_bytes_max = 1;
  options.cache_bytes_max = 0;
  TestGroup group(3, options);
  group.store = false;
  std::vector<uint64_t> terms(20, 2);
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, terms, 21)).ok());
  group.Pump(1);
  REQUIRE(group.node(1).taken.size() == 1);
  CHECK(group.node(1).taken.front().hard_state->commit == LogIndex(21));
  group.store = true;
  group.Pump(1);
  LogIndex next(2);
  for (const Ready& ready : group.node(1).taken) {
    CHECK(ready.committed.size() <= 1);
    for (const Entry& entry : ready.committed) CHECK(entry.index == std::exchange(next, next.Next()));
    if (ready.hard_state) CHECK(ready.hard_state->commit == LogIndex(21));
  }
  CHECK(next == LogIndex(22));
}

TEST_CASE("R8: the count of uncommitted bytes is zero again when all is committed, in every life of a leader") {
  RaftOptions options = Plain();
  options.uncommitted_bytes_max = 200;
  TestGroup group(3, options);
  for (int life = 0; life < 4; ++life) {
    const uint64_t leader = life % 3 + 1;
    group.cut.clear();
    group.Elect(leader);
    group.Beat(leader);
    int accepted = 0;
    group.cut = {leader};
    while (group.raft(leader).Propose(Payload("0123456789")).ok()) ++accepted;
    CHECK(accepted == 5);
    group.cut.clear();
    group.Beat(leader);
    group.Beat(leader);
    CHECK(group.raft(leader).commit() == group.raft(leader).log().last_index());
    CHECK(group.verdict.ToString() == "OK");  // The invariants compare the count.
    group.cut = {leader};
    group.Propose(leader, "lost");
  }
}

TEST_CASE("R10: a throttled follower that crashed and refuses an append behind a compacted log catches up") {
  RaftOptions options;
  options.inflight_messages_max = 2;
  options.append_bytes_max = 1;
  options.no_vote_after_restart = false;
  TestGroup group(3, options);
  group.Elect(1);
  group.node(3).Crash();
  for (int i = 0; i < 10; ++i) {
    group.Propose(1, "x");
    group.Settle();
  }
  REQUIRE(group.raft(1).commit() == LogIndex(12));
  group.node(1).disk().Compact(LogIndex(12));
  group.node(3).Restart();
  for (int i = 0; i < 3; ++i) {
    group.Propose(1, "y");
    group.Beat(1);
  }
  CHECK(group.raft(3).commit() == group.raft(1).commit());
  CHECK(group.verdict.ToString() == "OK");
}

TEST_CASE("R11: appends and snapshots of the past, whatever they say, are answered with the commit position") {
  TestGroup group(3, Plain());
  REQUIRE(group.raft(1).Step(AppendOf(2, 2, 1, 1, {2, 2, 2, 2}, 5)).ok());
  group.Pump(1);
  group.node(1).disk().Compact(LogIndex(5));
  for (uint64_t prev = 0; prev < 5; ++prev) {
    group.wire.clear();
    REQUIRE(group.raft(1).Step(AppendOf(2, 2, prev, prev < 2 ? prev : 2, {2}, prev)).ok());
    group.Pump(1);
    REQUIRE(group.wire.size() == 1);
    CHECK(std::get<AppendResponse>(group.wire.front().body) == AppendResponse{.index = LogIndex(5)});
  }
  CHECK(group.raft(1).log().last_index() == LogIndex(5));
}

TEST_CASE("R13: leaving a joint configuration is proposed once, and nothing else before it is applied") {
  TestGroup group(3);
  group.Elect(1);
  REQUIRE(group.raft(1).ProposeConfChange(Joint({Remove(3)})).ok());
  group.Settle();
  group.Beat(1);
  size_t changes = 0;
  for (const Entry& entry : group.node(1).disk().entries()) changes += entry.kind == EntryKind::kConfChange;
  CHECK(changes == 2);
  CHECK(!group.raft(1).conf().IsJoint());
  REQUIRE(group.raft(1).ProposeConfChange(Joint({AddLearner(3)})).ok());
  CHECK(group.raft(1).ProposeConfChange(Joint({AddLearner(4)})).code() == StatusCode::kConflict);
}

TEST_CASE("R13: a new leader inherits the joint configuration and leaves it, once") {
  TestGroup group(5, Plain());
  group.Elect(1);
  REQUIRE(group.raft(1).ProposeConfChange(Joint({Remove(5)})).ok());
  group.PumpAll();
  // The change is committed and applied everywhere, the leaving reaches nobody.
  group.Deliver(TakeAll<AppendRequest>(group));
  group.Deliver(TakeAll<AppendResponse>(group));
  group.Deliver(group.Take([](const Message& message) {
    const auto* append = std::get_if<AppendRequest>(&message.body);
    return append != nullptr && append->entries.empty();
  }));
  group.wire.clear();
  REQUIRE(group.raft(2).conf().IsJoint());
  group.node(1).Crash();
  group.Elect(2);
  group.node(1).Restart();
  for (int i = 0; i < 3; ++i) group.Beat(2);
  CHECK(!group.raft(2).conf().IsJoint());
  size_t leaves = 0;
  for (const Entry& entry : group.node(2).disk().entries()) {
    if (entry.kind != EntryKind::kConfChange) continue;
    leaves += DecodeConfChange(entry.payload.view())->transition == ConfChange::Transition::kLeave;
  }
  CHECK(leaves == 1);
  CHECK(group.verdict.ToString() == "OK");
}

TEST_CASE("R14: a pre-candidate knows no leader, forgets old votes, and a mixed group elects a leader") {
  TestGroup group(3);
  group.Elect(1);
  group.node(1).Crash();
  group.Tick(2, 30);
  REQUIRE(group.raft(2).role() == Role::kPreCandidate);
  CHECK(!group.raft(2).leader().valid());
  // A pre-vote of the campaign before does not count for the vote.
  TestGroup five(5);
  five.Tick(1, 2 * five.options.election_ticks);
  for (const uint64_t voter : {2, 3}) {
    const VoteResponse yes{.pre_vote = true, .granted = true, .campaign_term = Term(2)};
    five.raft(1).Step(To1(voter, 1, yes)).IgnoreError();
    five.Pump(1);
  }
  CHECK(five.raft(1).role() == Role::kCandidate);
}

TEST_CASE("R14: a peer of a higher term that nobody would elect does not keep a group without a leader") {
  TestGroup group(3);
  group.Elect(1);
  group.Propose(1, "x");
  group.cut = {3};
  group.Settle();
  group.raft(3).Step(Message{PeerId(1), PeerId(3), Term(7), HeartbeatResponse{}}).IgnoreError();  // A higher term.
  group.Pump(3);
  group.cut.clear();
  bool led = false;
  for (int tick = 0; tick < 200 && !led; ++tick) {
    for (uint64_t peer = 1; peer <= 3; ++peer) group.Tick(peer, 1);
    group.Settle();
    for (auto& node : group.nodes) {
      led = led || (node->raft().role() == Role::kLeader && node->raft().term() > Term(7));
    }
  }
  CHECK(led);
  CHECK(group.verdict.ToString() == "OK");
}

TEST_CASE("R16: an order to campaign is declined while a committed configuration change is not applied") {
  TestGroup group(3, Plain());
  Bytes change;
  EncodeConfChange(Joint({AddVoter(9)}), change);
  AppendRequest append{LogIndex(1), Term(1), LogIndex(2), {}};
  append.entries.push_back(Entry{Term(2), LogIndex(2), EntryKind::kConfChange, Payload(change)});
  REQUIRE(group.raft(1).Step(To1(2, 2, append)).ok());
  REQUIRE(group.raft(1).Step(To1(2, 2, TimeoutNow{})).ok());
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK(group.raft(1).Campaign().code() == StatusCode::kUnavailable);
  group.Pump(1);  // Stored and applied.
  REQUIRE(group.raft(1).Step(To1(2, 2, TimeoutNow{})).ok());
  CHECK(group.raft(1).role() == Role::kCandidate);
}

TEST_CASE("R17: a paused follower is resumed by its answer to a heartbeat, not by sending one") {
  RaftOptions options;
  options.inflight_messages_max = 1;
  TestGroup group(2, options);
  group.Elect(1);
  group.Propose(1, "a");
  group.Propose(1, "b");
  const auto paused = [&] {
    return group.raft(1).progress()[1].Paused(options.inflight_messages_max, options.inflight_bytes_max);
  };
  REQUIRE(paused());
  TakeAll<AppendRequest>(group);
  group.Tick(1, options.heartbeat_ticks);
  CHECK(paused());
  CHECK(CountOf<AppendRequest>(group.wire) == 0);
  group.Deliver(TakeAll<HeartbeatRequest>(group));
  group.Deliver(TakeAll<HeartbeatResponse>(group));
  CHECK(CountOf<AppendRequest>(group.wire) == 1);
  group.Settle();
  CHECK(group.raft(2).log().last_index() == LogIndex(4));
}

TEST_CASE("R19: votes in a joint configuration are counted in each half") {
  // Peers 1 to 3 are the old half, 1, 4 and 5 the new one: four votes of 1, 2, 3 and nobody of the new half lose.
  TestGroup group(3, {}, 2);
  group.Elect(1);
  ConfChange change = Joint({AddVoter(4), AddVoter(5), Remove(2), Remove(3)});
  change.transition = ConfChange::Transition::kJointManual;
  REQUIRE(group.raft(1).ProposeConfChange(change).ok());
  group.Settle();
  group.Beat(1);
  REQUIRE(group.raft(2).conf().IsJoint());
  REQUIRE(group.raft(1).TransferLeader(PeerId(4)).ok());
  group.Pump(1);
  group.Deliver(TakeAll<TimeoutNow>(group));
  REQUIRE(group.raft(4).role() == Role::kCandidate);
  const Term term = group.raft(4).term();
  const auto vote = [&](uint64_t voter) {
    const VoteResponse yes{.granted = true, .campaign_term = term};
    group.raft(4).Step(Message{PeerId(voter), PeerId(4), term, yes}).IgnoreError();
  };
  vote(5);
  CHECK(group.raft(4).role() == Role::kCandidate);  // The new half alone.
  vote(2);
  CHECK(group.raft(4).role() == Role::kCandidate);
  vote(3);
  CHECK(group.raft(4).role() == Role::kLeader);
}

TEST_CASE("R20: a read in a joint configuration needs the demoted voters too") {
  TestGroup group(3);
  group.Elect(1);
  ConfChange change = Joint({AddLearner(2), AddLearner(3)});
  change.transition = ConfChange::Transition::kJointManual;
  REQUIRE(group.raft(1).ProposeConfChange(change).ok());
  group.Settle();
  REQUIRE(group.raft(1).conf().IsJoint());
  REQUIRE(group.raft(1).ReadIndex(5).ok());
  group.Pump(1);
  CHECK(group.ReadsOf(1).empty());  // A majority of the new half, itself, is not enough.
  group.Settle();
  CHECK(group.ReadsOf(1).size() == 1);
}

TEST_CASE("R22: looking for configuration changes before a campaign reads the log in bounded pieces") {
  struct Counting final : LogReader {
    explicit Counting(const MemoryLog& stored) : log(stored) {}
    InitialState Initial() const override { return log.Initial(); }
    LogIndex FirstIndex() const override { return log.FirstIndex(); }
    LogIndex LastIndex() const override { return log.LastIndex(); }
    Result<Term> TermAt(LogIndex index) const override { return log.TermAt(index); }
    Status Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<Entry>& out) const override {
      largest = std::max(largest, bytes_max);
      return log.Entries(begin, end, bytes_max, out);
    }
    Result<SnapshotMeta> Snapshot() const override { return log.Snapshot(); }
    const MemoryLog& log;
    mutable size_t largest = 0;
  };
  MemoryLog log(BootstrapState(Voters(3)));
  Ready write;
  for (uint64_t i = 2; i < 40; ++i) write.entries.push_back(Command(i, 2, std::string(100000, 'x')));
  write.hard_state = HardState{.term = Term(2), .vote = PeerId(), .commit = LogIndex(39)};
  log.Store(write);
  const Counting counting(log);
  const RaftOptions options = Plain();
  Raft raft(PeerId(1), options, counting, 1);
  REQUIRE(raft.Campaign().ok());
  CHECK(counting.largest > 0);
  CHECK(counting.largest <= size_t{1} << 20);
}

TEST_CASE("R22: a leader drops nothing that a member lacks: it asks for a snapshot") {
  TestGroup group(3);
  group.Elect(1);
  group.cut = {3};
  group.Propose(1, "x");
  group.Settle();
  group.node(1).disk().Compact(LogIndex(3));
  group.cut.clear();
  for (int i = 0; i < 3; ++i) group.Beat(1);
  CHECK(group.raft(3).commit() == LogIndex(3));
  CHECK(group.raft(3).log().first_index() == LogIndex(4));
}

TEST_CASE("R23: a peer needs no ticks only where ticks can change nothing") {
  TestGroup group(3);
  for (auto& node : group.nodes) CHECK(node->raft().NeedsTick());
  group.Elect(1);
  for (auto& node : group.nodes) CHECK(node->raft().NeedsTick());
  TestGroup alone(1, Plain());
  CHECK(alone.raft(1).NeedsTick());
  alone.Elect(1);
  CHECK(!alone.raft(1).NeedsTick());
}

/// Peer 1 has the log 2/2, 3/3, of which it knows nothing to be committed, and follows peer 2 in term 3.
void FollowWithTwoEntries(TestGroup& group) {
  REQUIRE(group.raft(1).Step(AppendOf(2, 3, 1, 1, {2, 3}, 1)).ok());
  group.Pump(1);
  group.wire.clear();
  REQUIRE(group.raft(1).commit() == LogIndex(1));
}
VoteResponse Refusal(uint64_t campaign_term, uint64_t commit, uint64_t commit_term) {
  return VoteResponse{.campaign_term = Term(campaign_term), .commit = {LogIndex(commit), Term(commit_term)}};
}
VoteRequest PreVoteOf(uint64_t campaign_term, uint64_t commit, uint64_t commit_term) {
  return VoteRequest{.pre_vote = true,
                     .campaign_term = Term(campaign_term),
                     .last_index = LogIndex(9),
                     .last_term = Term(commit_term),
                     .commit = {LogIndex(commit), Term(commit_term)}};
}

TEST_CASE("R24: votes tell what is committed to whoever holds that entry") {
  for (const bool answer : {false, true}) {
    CAPTURE(answer);
    const auto told = [answer](TestGroup& group, uint64_t index, uint64_t term) {
      const Message message = answer ? To1(3, 3, Refusal(3, index, term)) : To1(3, 3, PreVoteOf(4, index, term));
      group.raft(1).Step(message).IgnoreError();
      group.Pump(1);
      CHECK(group.verdict.ToString() == "OK");
      return group.raft(1).commit();
    };
    TestGroup group(3, Plain());
    FollowWithTwoEntries(group);
    CHECK(told(group, 2, 3) == LogIndex(1));  // Another entry.
    CHECK(told(group, 4, 3) == LogIndex(1));  // Not here.
    CHECK(told(group, 2, 2) == LogIndex(2));
    CHECK(told(group, 3, 3) == LogIndex(3));
    CHECK(told(group, 2, 2) == LogIndex(3));
  }
}

TEST_CASE("R24: a commit is not learned from a term that this peer has not entered") {
  // The leader of its own term may lack that entry: it must not be told that it is there.
  TestGroup group(3, Plain());
  FollowWithTwoEntries(group);
  REQUIRE(group.raft(1).Step(To1(3, 4, PreVoteOf(5, 2, 2))).ok());
  CHECK(group.raft(1).commit() == LogIndex(1));
  REQUIRE(group.raft(1).Step(To1(3, 4, Refusal(4, 2, 2))).ok());  // This enters it.
  CHECK(group.raft(1).term() == Term(4));
  CHECK(group.raft(1).commit() == LogIndex(2));
}

TEST_CASE("R24: a leader counts itself what is committed") {
  TestGroup group(3, Plain());
  group.Elect(1);
  group.cut = {1};
  const LogIndex index = group.Propose(1, "x");
  group.raft(1).Step(To1(3, 2, Refusal(2, index.value(), 2))).IgnoreError();
  CHECK(group.raft(1).commit() < index);
}

TEST_CASE("R24: a commit that its sender cannot know is refused") {
  TestGroup group(3, Plain());
  FollowWithTwoEntries(group);
  CHECK(group.raft(1).Step(To1(3, 3, Refusal(3, 2, 4))).code() == StatusCode::kInvalidArgument);
  VoteRequest request = PreVoteOf(4, 2, 2);
  request.commit.index = LogIndex(10);
  CHECK(group.raft(1).Step(To1(3, 3, request)).code() == StatusCode::kInvalidArgument);
  CHECK(group.raft(1).commit() == LogIndex(1));
}

TEST_CASE("R24: a candidate that learns that its configuration is over gives up and counts by the next") {
  TestGroup group(3, Plain());
  Bytes leaving;
  EncodeConfChange(ConfChange{.steps = {Remove(2)}}, leaving);
  Message append = AppendOf(2, 3, 1, 1, {3}, 1);
  Entry& entry = std::get<AppendRequest>(append.body).entries.front();
  entry = Entry{entry.term, entry.index, EntryKind::kConfChange, Payload(leaving)};
  REQUIRE(group.raft(1).Step(append).ok());
  group.Pump(1);
  REQUIRE(group.raft(1).Campaign().ok());
  group.Pump(1);
  REQUIRE(group.raft(1).role() == Role::kCandidate);
  // Two of the three would do, by the old configuration.
  VoteResponse vote = Refusal(4, 2, 3);
  vote.granted = true;
  REQUIRE(group.raft(1).Step(To1(2, 4, vote)).ok());
  group.Pump(1);
  CHECK(group.raft(1).role() == Role::kFollower);
  CHECK(group.raft(1).conf().members.size() == 2);
  REQUIRE(group.raft(1).Campaign().ok());
}

TEST_CASE("Raft: a leader that hears of acknowledged entries which it lacks stops instead of losing them") {
  TestGroup group(3, Plain());
  group.raft(1).Step(To1(2, 2, HeartbeatRequest{.commit = LogIndex(9)})).IgnoreError();
  CHECK(group.raft(1).failure().code() == StatusCode::kCorruption);
  CHECK(group.raft(1).Propose(Payload("x")).code() == StatusCode::kCorruption);
  CHECK(group.raft(1).Campaign().code() == StatusCode::kCorruption);
  CHECK(!group.raft(1).NeedsTick());
}

}  // namespace
}  // namespace orrery::raft
