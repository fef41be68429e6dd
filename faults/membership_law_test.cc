#include "faults/membership_law.h"

#include <doctest/doctest.h>

namespace orrery::faults {
namespace {

MembersResponse With(std::initializer_list<uint64_t> peers, MemberRole role = MemberRole::kVoter) {
  MembersResponse response;
  for (const uint64_t peer : peers) {
    response.members.push_back(Member{.store = StoreId(peer % 10), .peer = PeerId(peer), .role = role});
  }
  return response;
}

TEST_CASE("MembershipLaw: what was carried out stands") {
  MembershipLaw law;
  CHECK(law.Check(With({1, 2})).empty());  // Nothing is known yet.
  law.Carried(With({1, 2, 3}));
  CHECK(law.Check(With({1, 2, 3})).empty());
  CHECK(law.Check(With({1, 2})) ==
        "nobody asked for another change, but the members were peer 1 on store 1 as voter; peer 2 on store 2 as voter; "
        "peer 3 on store 3 as voter; and are peer 1 on store 1 as voter; peer 2 on store 2 as voter;");
  CHECK_FALSE(law.Check(With({1, 2, 13})).empty());  // The same store as another peer.
  CHECK_FALSE(law.Check(With({1, 2, 3}, MemberRole::kLearner)).empty());
  law.Carried(With({1, 2}));
  CHECK(law.Check(With({1, 2})).empty());
}

TEST_CASE("MembershipLaw: what was given up may come true at any time") {
  MembershipLaw law;
  law.Carried(With({1, 2, 3}));
  law.GaveUp();
  CHECK(law.Check(With({1, 2})).empty());
}

}  // namespace
}  // namespace orrery::faults
