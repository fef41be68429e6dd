#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "raft/core/conf_state.h"
#include "runtime/base/assert.h"

/// Decisions by majority, in one place and for joint configurations alike: whoever counts anything (votes, matched
/// positions, heartbeat rounds, activity) counts it here, in both halves. Each half is judged by itself: a peer that
/// votes in both counts in both.
namespace orrery::raft {

enum class VoteOutcome : uint8_t { kPending, kWon, kLost };
enum class Vote : uint8_t { kMissing, kGranted, kRefused };

namespace quorum_internal {

/// More members than this are refused by ConfState::Check.
inline constexpr size_t kMembersMax = 64;

/// The largest value that a majority of one half has reached.
template <class Counts, class ValueOf>
uint64_t MajorityValue(const ConfState& conf, Counts counts, ValueOf value_of) {
  std::array<uint64_t, kMembersMax> values;
  size_t size = 0;
  for (const Member& member : conf.members) {
    if (counts(member.role)) values[size++] = value_of(member.peer);
  }
  if (size == 0) return 0;
  const size_t nth = (size - 1) / 2;  // A majority, size - nth of them, is at or above this one.
  std::nth_element(values.begin(), values.begin() + nth, values.begin() + size);
  return values[nth];
}

template <class Counts, class VoteOf>
VoteOutcome CountHalf(const ConfState& conf, Counts counts, VoteOf vote_of) {
  size_t size = 0;
  size_t granted = 0;
  size_t refused = 0;
  for (const Member& member : conf.members) {
    if (!counts(member.role)) continue;
    ++size;
    const Vote vote = vote_of(member.peer);
    if (vote == Vote::kGranted) ++granted;
    if (vote == Vote::kRefused) ++refused;
  }
  const size_t majority = size / 2 + 1;
  if (granted >= majority) return VoteOutcome::kWon;
  return refused > size - majority ? VoteOutcome::kLost : VoteOutcome::kPending;
}

}  // namespace quorum_internal

/// The largest number that a quorum has reached: a commit index from matched indexes, a confirmed round from
/// acknowledged rounds. `value_of(PeerId) -> uint64_t`. Zero without voters.
template <class ValueOf>
uint64_t QuorumValue(const ConfState& conf, ValueOf value_of) {
  const uint64_t in_new = quorum_internal::MajorityValue(conf, VotesInNew, value_of);
  if (!conf.IsJoint()) return in_new;
  return std::min(in_new, quorum_internal::MajorityValue(conf, VotesInOld, value_of));
}

/// Whether an election is won, lost or open. `vote_of(PeerId) -> Vote`. Pending without voters.
template <class VoteOf>
VoteOutcome CountVotes(const ConfState& conf, VoteOf vote_of) {
  const VoteOutcome in_new = quorum_internal::CountHalf(conf, VotesInNew, vote_of);
  if (!conf.IsJoint()) return in_new;
  const VoteOutcome in_old = quorum_internal::CountHalf(conf, VotesInOld, vote_of);
  if (in_new == VoteOutcome::kLost || in_old == VoteOutcome::kLost) return VoteOutcome::kLost;
  if (in_new == VoteOutcome::kWon && in_old == VoteOutcome::kWon) return VoteOutcome::kWon;
  return VoteOutcome::kPending;
}

}  // namespace orrery::raft
