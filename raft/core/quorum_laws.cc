#include "raft/core/quorum_laws.h"

#include <algorithm>
#include <array>

namespace orrery::raft {
namespace {

using Half = bool (*)(MemberRole);

bool InNew(MemberRole role) {
  return VotesInNew(role);
}
bool InOld(MemberRole role) {
  return VotesInOld(role);
}
constexpr std::array<Half, 2> kHalves = {InNew, InOld};

bool Votes(const ConfState& conf, Half half, PeerId peer) {
  return std::any_of(conf.members.begin(), conf.members.end(),
                     [&](const Member& member) { return member.peer == peer && half(member.role); });
}

/// Whether any majority of one half of `a` meets any majority of one half of `b`: together they are more than there
/// are peers.
bool MajoritiesMeet(const ConfState& a, Half half_of_a, const ConfState& b, Half half_of_b) {
  size_t in_a = 0;
  size_t in_b = 0;
  size_t in_both = 0;
  for (const Member& member : a.members) {
    if (!half_of_a(member.role)) continue;
    ++in_a;
    in_both += Votes(b, half_of_b, member.peer);
  }
  for (const Member& member : b.members) in_b += half_of_b(member.role);
  return (in_a / 2 + 1) + (in_b / 2 + 1) > in_a + in_b - in_both;
}

}  // namespace

bool HeldByMajorities(const ConfState& conf, FunctionRef<bool(PeerId)> holds) {
  for (const Half half : kHalves) {
    size_t voters = 0;
    size_t held = 0;
    for (const Member& member : conf.members) {
      if (!half(member.role)) continue;
      ++voters;
      held += holds(member.peer);
    }
    if (2 * held <= voters) return false;
  }
  return true;
}

bool DecisionsOverlap(const ConfState& a, const ConfState& b) {
  for (const Half half_of_a : kHalves) {
    for (const Half half_of_b : kHalves) {
      if (MajoritiesMeet(a, half_of_a, b, half_of_b)) return true;
    }
  }
  return false;
}

}  // namespace orrery::raft
