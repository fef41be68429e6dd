// Every fact names itself when it is broken, and lets what is right pass.
#include "raft/core/invariants.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include "raft/core/quorum_laws.h"

namespace orrery::raft {
namespace {

ConfState ConfOf(std::initializer_list<std::pair<uint64_t, MemberRole>> members) {
  ConfState conf;
  for (const auto& [peer, role] : members) conf.members.push_back(Member{PeerId(peer), role, {}});
  return conf;
}

ConfState VotersOf(std::initializer_list<uint64_t> peers) {
  ConfState conf;
  for (const uint64_t peer : peers) conf.members.push_back(Member{PeerId(peer), MemberRole::kVoter, {}});
  return conf;
}

/// Peer 1 leads term 4 from position 11 on; its log ends at 14, 12 is committed.
RaftView LeaderView() {
  RaftView view;
  view.id = view.leader = view.vote = PeerId(1);
  view.role = Role::kLeader;
  view.term = view.last_term = Term(4);
  view.first_index = LogIndex(1);
  view.last_index = view.persisted = LogIndex(14);
  view.commit = view.handed = view.applied = LogIndex(12);
  view.term_start = LogIndex(11);
  view.heartbeat_round = 7;
  view.quorum_round = 6;
  return view;
}

bool Names(const Status& status, const std::string& words) {
  return status.code() == StatusCode::kCorruption && status.ToString().find(words) != std::string::npos;
}

TEST_CASE("RaftInvariants: a leader's step that breaks nothing passes") {
  RaftView after = LeaderView();
  after.commit = LogIndex(14);
  after.last_index = LogIndex(15);
  after.heartbeat_round = 8;
  after.reads_in_round = 2;
  after.read_position = LogIndex(12);
  CHECK(RaftInvariants::CheckView(after).ok());
  CHECK(RaftInvariants::CheckDelta(LeaderView(), after).ok());
}

TEST_CASE("RaftInvariants: the fact that is broken stands apart from the numbers of the case") {
  RaftView view = LeaderView();
  view.commit = view.last_index.Next();
  const Status broken = RaftInvariants::CheckView(view);
  CHECK(RaftInvariants::FactOf(broken) == "nothing beyond the log's end is committed");
  CHECK(Names(broken, "nothing beyond the log's end is committed [peer 1, leader, term 4, last 14, commit 15]"));
  CHECK(RaftInvariants::FactOf(broken.Wrap("node 3")) == RaftInvariants::FactOf(broken));
  CHECK(RaftInvariants::FactOf(Status(StatusCode::kCorruption, "something else")) == "something else");
}

TEST_CASE("RaftInvariants: a leader that counts replicas of an earlier term's entries is named") {
  RaftView before = LeaderView();
  before.commit = before.handed = before.applied = LogIndex(8);
  RaftView after = before;
  after.commit = LogIndex(10);
  CHECK(Names(RaftInvariants::CheckDelta(before, after), "5.4.2"));
  after.commit = LogIndex(11);
  CHECK(RaftInvariants::CheckDelta(before, after).ok());
  after.commit = LogIndex(10);
  before.role = after.role = Role::kFollower;  // Its leader may say so.
  CHECK(RaftInvariants::CheckDelta(before, after).ok());
}

TEST_CASE("RaftInvariants: a log that ends in the present term and is cut is named") {
  RaftView before = LeaderView();
  before.role = Role::kFollower;
  before.leader = PeerId(2);
  RaftView after = before;
  after.last_index = after.persisted = LogIndex(13);
  CHECK(Names(RaftInvariants::CheckDelta(before, after), "Log Matching"));
  before.last_term = Term(3);  // The leader of term 4 replaces what an earlier one left.
  CHECK(RaftInvariants::CheckDelta(before, after).ok());
  before.last_term = Term(4);
  after.term = Term(5);  // So does the next one.
  after.vote = PeerId();
  CHECK(RaftInvariants::CheckDelta(before, after).ok());
}

TEST_CASE("RaftInvariants: a read that joins a round under way is named") {
  RaftView before = LeaderView();
  before.reads_in_round = 1;
  RaftView after = before;
  after.reads_in_round = 2;
  CHECK(Names(RaftInvariants::CheckDelta(before, after), "no read joins"));
  after.heartbeat_round = 8;
  CHECK(RaftInvariants::CheckDelta(before, after).ok());
}

TEST_CASE("RaftInvariants: a read with a position before the term's first commit is named") {
  RaftView view = LeaderView();
  view.commit = view.handed = view.applied = LogIndex(10);
  CHECK(RaftInvariants::CheckView(view).ok());
  view.read_position = LogIndex(10);
  CHECK(Names(RaftInvariants::CheckView(view), "knows no position for a read"));
}

TEST_CASE("RaftInvariants: a leader whose vote is not durable is named") {
  RaftView view = LeaderView();
  view.term_ready = view.persisted_ready.Next();
  CHECK(Names(RaftInvariants::CheckView(view), "term and vote are durable"));
}

TEST_CASE("RaftInvariants: configurations in succession that may decide apart are named, wherever they stand") {
  const ConfState old_voters = VotersOf({1, 2, 3});
  const ConfState joint = ConfOf({{1, MemberRole::kVoter},
                                  {2, MemberRole::kVoter},
                                  {3, MemberRole::kOutgoingVoter},
                                  {4, MemberRole::kIncomingVoter}});
  const ConfState new_voters = VotersOf({1, 2, 4});
  const auto at = [](uint64_t index, const ConfState& conf) { return ConfAt{LogIndex(index), conf}; };
  CHECK(RaftInvariants::CheckConfChain(old_voters, {at(7, joint), at(9, new_voters)}).ok());
  CHECK(Names(RaftInvariants::CheckConfChain(old_voters, {at(7, new_voters)}), "decide apart"));
  CHECK(Names(RaftInvariants::CheckConfChain(old_voters, {at(7, joint), at(8, VotersOf({4, 5, 6}))}), "decide apart"));
  CHECK(Names(RaftInvariants::CheckConfChain(joint, {at(8, new_voters), at(9, VotersOf({1, 5, 6}))}), "from 9 on"));
}

TEST_CASE("Quorum laws: one voter more or less is safe in one step, two are not") {
  CHECK(DecisionsOverlap(VotersOf({1, 2, 3}), VotersOf({1, 2, 3, 4})));
  CHECK(DecisionsOverlap(VotersOf({1, 2, 3, 4}), VotersOf({1, 2, 4})));
  CHECK(DecisionsOverlap(VotersOf({1}), VotersOf({1, 2})));
  CHECK_FALSE(DecisionsOverlap(VotersOf({1, 2, 3}), VotersOf({1, 2, 3, 4, 5})));
  CHECK_FALSE(DecisionsOverlap(VotersOf({1, 2, 3}), VotersOf({1, 2, 4})));
  CHECK_FALSE(DecisionsOverlap(VotersOf({1}), VotersOf({2})));
}

TEST_CASE("Quorum laws: a joint configuration needs a majority of each half, learners count in none") {
  const ConfState joint = ConfOf({{1, MemberRole::kVoter},
                                  {2, MemberRole::kOutgoingVoter},
                                  {3, MemberRole::kDemotingVoter},
                                  {4, MemberRole::kIncomingVoter},
                                  {5, MemberRole::kIncomingVoter},
                                  {6, MemberRole::kLearner}});
  const auto held_by = [&](std::initializer_list<uint64_t> peers) {
    return HeldByMajorities(
        joint, [&](PeerId peer) { return std::find(peers.begin(), peers.end(), peer.value()) != peers.end(); });
  };
  CHECK(held_by({1, 2, 4}));
  CHECK(held_by({2, 3, 4, 5}));
  CHECK_FALSE(held_by({1, 4, 5, 6}));  // The new half alone.
  CHECK_FALSE(held_by({1, 2, 3, 6}));  // The old half alone.
  CHECK_FALSE(HeldByMajorities(ConfState(), [](PeerId) { return true; }));
}

}  // namespace
}  // namespace orrery::raft
