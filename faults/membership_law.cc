#include "faults/membership_law.h"

#include <fmt/core.h>

namespace orrery::faults {
namespace {

std::string Describe(PeerId peer, const std::pair<StoreId, MemberRole>& member) {
  return fmt::format(" peer {} on store {} as {};", peer.value(), member.first.value(), MemberRoleName(member.second));
}

}  // namespace

MembershipLaw::Members MembershipLaw::MembersOf(const MembersResponse& response) {
  Members members;
  for (const Member& member : response.members) members[member.peer] = {member.store, member.role};
  return members;
}

void MembershipLaw::Carried(const MembersResponse& now) {
  carried_ = MembersOf(now);
}

std::string MembershipLaw::Check(const MembersResponse& now) const {
  if (!carried_ || given_up_) return "";
  const Members members = MembersOf(now);
  if (members == *carried_) return "";
  std::string words = "nobody asked for another change, but the members were";
  for (const auto& [peer, member] : *carried_) words += Describe(peer, member);
  words += " and are";
  for (const auto& [peer, member] : members) words += Describe(peer, member);
  return words;
}

}  // namespace orrery::faults
