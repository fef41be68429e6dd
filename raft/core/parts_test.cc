// The parts of the core by themselves: quorums, configurations, options, progress and the log.
#include <doctest/doctest.h>

#include "raft/core/codec.h"
#include "raft/core/model/test_group.h"
#include "raft/core/quorum.h"
#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

ConfState ConfOf(std::vector<MemberRole> roles) {
  ConfState conf;
  for (size_t i = 0; i < roles.size(); ++i) conf.members.push_back(Member{PeerId(i + 1), roles[i], {}});
  return conf;
}

MemberRole AnyRole(Random& random) {
  return MemberRole(random.Below(5));
}

/// The definition: how many of a half reached `value`.
bool MajorityReached(const ConfState& conf, bool (*counts)(MemberRole), const std::vector<uint64_t>& values,
                     uint64_t value) {
  size_t size = 0;
  size_t reached = 0;
  for (size_t i = 0; i < conf.members.size(); ++i) {
    if (!counts(conf.members[i].role)) continue;
    ++size;
    reached += values[i] >= value;
  }
  return reached * 2 > size;
}

bool InNew(MemberRole role) {
  return VotesInNew(role);
}
bool InOld(MemberRole role) {
  return VotesInOld(role);
}

TEST_CASE("Raft quorum: the value is the largest that a majority of each half has reached, by definition") {
  Random random(1);
  for (int i = 0; i < 5000; ++i) {
    std::vector<MemberRole> roles(1 + random.Below(7));
    for (MemberRole& role : roles) role = AnyRole(random);
    const ConfState conf = ConfOf(roles);
    if (!conf.Check().ok()) continue;
    std::vector<uint64_t> values(roles.size());
    for (uint64_t& value : values) value = random.Below(6);
    const auto reached = [&](uint64_t value) {
      return MajorityReached(conf, InNew, values, value) && MajorityReached(conf, InOld, values, value);
    };
    uint64_t expected = 0;
    while (reached(expected + 1)) ++expected;
    CHECK(QuorumValue(conf, [&](PeerId peer) { return values[peer.value() - 1]; }) == expected);
  }
}

TEST_CASE("Raft quorum: an election is won by both halves, lost where one half cannot win any more") {
  Random random(2);
  size_t outcomes[3] = {};
  for (int i = 0; i < 5000; ++i) {
    std::vector<MemberRole> roles(1 + random.Below(7));
    for (MemberRole& role : roles) role = AnyRole(random);
    const ConfState conf = ConfOf(roles);
    if (!conf.Check().ok()) continue;
    std::vector<Vote> votes(roles.size());
    for (Vote& vote : votes) vote = Vote(random.Below(3));
    std::vector<uint64_t> granted;
    std::vector<uint64_t> possible;
    for (const Vote vote : votes) {
      granted.push_back(vote == Vote::kGranted);
      possible.push_back(vote != Vote::kRefused);
    }
    const bool won = MajorityReached(conf, InNew, granted, 1) && MajorityReached(conf, InOld, granted, 1);
    const bool can = MajorityReached(conf, InNew, possible, 1) && MajorityReached(conf, InOld, possible, 1);
    const VoteOutcome expected = won ? VoteOutcome::kWon : can ? VoteOutcome::kPending : VoteOutcome::kLost;
    const VoteOutcome outcome = CountVotes(conf, [&](PeerId peer) { return votes[peer.value() - 1]; });
    CHECK(outcome == expected);
    ++outcomes[static_cast<size_t>(outcome)];
  }
  for (const size_t count : outcomes) CHECK(count > 100);
}

TEST_CASE("Raft quorum: any quorum before a change meets any quorum after it, over random changes") {
  Random random(3);
  const auto quorum = [](const ConfState& conf, uint64_t set) {
    return QuorumValue(conf, [set](PeerId peer) { return set >> peer.value() & 1; }) == 1;
  };
  for (int i = 0; i < 300; ++i) {
    ConfState conf = Voters(3);
    for (int step = 0; step < 6; ++step) {
      ConfChange change;
      change.transition = conf.IsJoint() ? ConfChange::Transition::kLeave : ConfChange::Transition(random.Below(3));
      for (uint64_t peer = 1; peer <= 5 && !conf.IsJoint(); ++peer) {
        if (!random.Chance(0.4)) continue;
        change.steps.push_back(ConfChangeStep{ConfChangeStep::Kind(random.Below(3)), PeerId(peer), {}});
      }
      const Result<ConfState> next = ApplyConfChange(conf, change);
      if (!next.ok()) continue;
      for (uint64_t a = 0; a < 64; a += 2) {
        if (!quorum(conf, a)) continue;
        for (uint64_t b = 0; b < 64; b += 2) {
          if (quorum(*next, b)) REQUIRE((a & b) != 0);
        }
      }
      conf = *next;
    }
  }
}

TEST_CASE("Raft configuration: bad changes are named") {
  const auto apply = [](const ConfState& conf, ConfChange change) { return ApplyConfChange(conf, change).status(); };
  const ConfChangeStep add{ConfChangeStep::Kind::kAddVoter, PeerId(4), {}};
  const ConfChangeStep drop{ConfChangeStep::Kind::kRemove, PeerId(1), {}};
  CHECK(apply(Voters(3), {}).code() == StatusCode::kInvalidArgument);
  CHECK(apply(Voters(3), {.transition = {}, .steps = {add, add}, .context = {}}).message().find("peer 4 twice") !=
        std::string::npos);
  CHECK(apply(Voters(1), {.transition = {}, .steps = {drop}, .context = {}}).code() == StatusCode::kInvalidArgument);
  CHECK(apply(Voters(3), {.transition = ConfChange::Transition::kLeave, .steps = {}, .context = {}}).code() ==
        StatusCode::kInvalidArgument);
  const ConfState joint = ConfOf({MemberRole::kVoter, MemberRole::kOutgoingVoter});
  CHECK(apply(joint, {.transition = {}, .steps = {add}, .context = {}}).code() == StatusCode::kConflict);
}

TEST_CASE("Raft options: every range is checked and the message names field and value") {
  CHECK(RaftOptions().Validate().ok());
  const auto refused = [](auto change, const char* named) {
    RaftOptions options;
    change(options);
    const Status status = options.Validate();
    CAPTURE(named);
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(std::string(status.message()).find(named) != std::string::npos);
  };
  refused([](RaftOptions& o) { o.election_ticks = 1; }, "election_ticks is 1");
  refused([](RaftOptions& o) { o.heartbeat_ticks = 10; }, "heartbeat_ticks is 10");
  refused([](RaftOptions& o) { o.append_bytes_max = 0; }, "append_bytes_max is 0");
  refused([](RaftOptions& o) { o.inflight_messages_max = 0; }, "inflight_messages_max is 0");
  refused([](RaftOptions& o) { o.inflight_bytes_max = 5; }, "inflight_bytes_max is 5");
  refused([](RaftOptions& o) { o.uncommitted_bytes_max = 0; }, "uncommitted_bytes_max is 0");
  refused([](RaftOptions& o) { o.apply_bytes_max = 0; }, "apply_bytes_max is 0");
  refused([](RaftOptions& o) { o.cache_bytes_max = size_t{2} << 30; }, "cache_bytes_max is 2147483648");
  refused([](RaftOptions& o) { o.command_bytes_max = 0; }, "command_bytes_max is 0");
  refused([](RaftOptions& o) { o.pending_reads_max = 0; }, "pending_reads_max is 0");
}

TEST_CASE("Raft progress: the window counts messages and bytes, and an answer frees what it covers") {
  Inflights window;
  window.Add(LogIndex(3), 10);
  window.Add(LogIndex(5), 20);
  CHECK(!window.Full(3, 100));
  CHECK(window.Full(2, 100));
  CHECK(window.Full(3, 30));
  window.FreeThrough(LogIndex(4));
  CHECK(window.size() == 1);
  CHECK(window.bytes() == 20);
  window.FreeThrough(LogIndex(5));
  CHECK(window.size() == 0);
  CHECK(window.bytes() == 0);
  for (uint64_t i = 1; i <= 1000; ++i) {
    window.Add(LogIndex(10 + i), 1);
    if (i > 50) window.FreeFirst();
  }
  CHECK(window.size() == 50);
  CHECK(window.begin()->last == LogIndex(961));
}

TEST_CASE("Raft progress: late answers move nothing back") {
  Progress p;
  p.match = LogIndex(5);
  p.next = LogIndex(9);
  p.state = ProgressState::kReplicate;
  CHECK(!p.Acknowledge(LogIndex(4)));
  CHECK(p.match == LogIndex(5));
  CHECK(!p.Refuse(LogIndex(5), LogIndex(2)));
  CHECK(p.state == ProgressState::kReplicate);
  CHECK(p.Refuse(LogIndex(8), LogIndex(2)));
  CHECK(p.state == ProgressState::kProbe);
  CHECK(p.next == LogIndex(6));  // Never below what the follower holds.
  CHECK(!p.Refuse(LogIndex(8), LogIndex(2)));
  CHECK(p.next == LogIndex(6));
}

TEST_CASE("Raft log: stored and unstored entries read as one, in pages") {
  MemoryLog disk(BootstrapState(Voters(3)));
  Ready write;
  for (uint64_t i = 2; i <= 5; ++i) write.entries.push_back(Command(i, 1 + i / 4, "abc"));
  write.hard_state = HardState{.term = Term(2), .vote = PeerId(), .commit = LogIndex(1)};
  disk.Store(write);
  RaftLog log(disk, disk.Initial());
  REQUIRE(log.Load().ok());
  for (uint64_t i = 6; i <= 8; ++i) log.Append(Command(i, 3, "abc"));
  const size_t one = Command(1, 1, "abc").ByteSize();
  for (const size_t bytes_max : {size_t{0}, one, 2 * one, 3 * one + 1, size_t{1} << 20}) {
    CAPTURE(bytes_max);
    LogIndex next(2);
    while (next <= log.last_index()) {
      const auto page = log.Slice(next, log.last_index().Next(), bytes_max);
      REQUIRE(page.ok());
      REQUIRE(!page->empty());
      CHECK((page->size() == 1 || page->size() * one <= bytes_max));
      for (const Entry& entry : *page) CHECK(entry.index == std::exchange(next, next.Next()));
    }
  }
  CHECK(log.Slice(LogIndex(1), LogIndex(3), 100).code() == StatusCode::kCompacted);
  CHECK(*log.LastAtOrBelow(LogIndex(8), Term(2)) == LogIndex(5));
  CHECK(*log.LastAtOrBelow(LogIndex(8), Term(0)) == LogIndex(1));
}

TEST_CASE("Raft log: truncation takes back what counts as stored, and only uncommitted entries") {
  MemoryLog disk(BootstrapState(Voters(3)));
  RaftLog log(disk, disk.Initial());
  REQUIRE(log.Load().ok());
  for (uint64_t i = 2; i <= 5; ++i) log.Append(Command(i, 1));
  CHECK(log.TakeUnstored().size() == 4);
  log.PersistedTo(LogIndex(5));
  const Result<LogIndex> removed = log.Merge({Command(3, 1), Command(4, 2)});
  REQUIRE(removed.ok());
  CHECK(*removed == LogIndex(4));
  CHECK(log.last_index() == LogIndex(4));
  CHECK(log.persisted() == LogIndex(3));
  const std::vector<Entry> unstored = log.TakeUnstored();
  REQUIRE(unstored.size() == 1);
  CHECK(unstored.front().index == LogIndex(4));
}

TEST_CASE("Raft log: stored positions that contradict each other are named, not repaired") {
  InitialState initial = BootstrapState(Voters(3));
  MemoryLog disk(initial);
  initial.hard_state.commit = LogIndex(9);
  RaftLog log(disk, initial);
  CHECK(log.Load().code() == StatusCode::kCorruption);
}

TEST_CASE("Raft: what no correct peer sends is refused and changes nothing") {
  TestGroup group(3, Plain());
  const auto refused = [&](const Message& message) {
    Bytes before;
    group.raft(1).AppendCanonical(before);
    CHECK(group.raft(1).Step(message).code() == StatusCode::kInvalidArgument);
    Bytes after;
    group.raft(1).AppendCanonical(after);
    CHECK(before == after);
  };
  refused(To1(0, 5, HeartbeatRequest{}));
  refused(To1(1, 5, HeartbeatRequest{}));
  refused(AppendOf(2, 2, 1, 1, {3}, 1));
  refused(AppendOf(2, 5, 1, 1, {3, 2}, 1));
  AppendRequest gap{LogIndex(1), Term(1), LogIndex(1), {Command(3, 2)}};
  refused(To1(2, 2, gap));
  refused(To1(2, 5, VoteRequest{.campaign_term = Term(4)}));
  refused(To1(2, 5, VoteRequest{.campaign_term = Term(5), .last_index = LogIndex(3), .last_term = Term(5)}));
  refused(To1(2, 5, InstallSnapshot{SnapshotMeta{LogIndex(9), Term(2), {}}}));
  CHECK(group.raft(1).Step(Message{PeerId(2), PeerId(3), Term(2), HeartbeatRequest{}}).code() ==
        StatusCode::kWrongTarget);
}

TEST_CASE("Raft: an idle group is small, so that a store may hold many") {
  MESSAGE("sizeof(Raft) = " << sizeof(Raft) << ", sizeof(Progress) = " << sizeof(Progress));
  CHECK(sizeof(Raft) <= 768);
  CHECK(sizeof(Progress) <= 128);
}

}  // namespace
}  // namespace orrery::raft
