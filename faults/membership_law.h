#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/kv_api.h"

namespace orrery::faults {

/// The law of changes of members, judged by the only operator there is: a change that it has seen carried out stands
/// until it begins another. A copy of an earlier request that arrives late must change nothing.
class MembershipLaw {
 public:
  /// A change was carried out, and this is what came of it.
  void Carried(const MembersResponse& now) { carried_ = now.members; }
  /// A change was given up and may still be carried out: nothing is claimed from now on.
  void GaveUp() { given_up_ = true; }
  /// Before another change. Empty if the members are those that Carried() saw last, else what differs.
  std::string Check(const MembersResponse& now) const;

 private:
  std::optional<std::vector<Member>> carried_;
  bool given_up_ = false;
};

}  // namespace orrery::faults
