#include "faults/membership_law.h"

#include <fmt/core.h>

namespace orrery::faults {
namespace {

std::string Describe(const std::vector<Member>& members) {
  std::string words;
  for (const Member& member : members) {
    words += fmt::format(" peer {} on store {} as {};", member.peer.value(), member.store.value(),
                         MemberRoleName(member.role));
  }
  return words;
}

}  // namespace

std::string MembershipLaw::Check(const MembersResponse& now) const {
  if (!carried_ || given_up_ || now.members == *carried_) return "";
  return "nobody asked for another change, but the members were" + Describe(*carried_) + " and are" +
         Describe(now.members);
}

}  // namespace orrery::faults
