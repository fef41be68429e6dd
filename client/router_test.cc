#include "client/router.h"

#include <doctest/doctest.h>

#include "client/session.h"
#include "runtime/address_book.h"

namespace orrery {
namespace {

std::optional<ErrorDetail> Hint(uint64_t store) {
  return ErrorDetail{.leader_store = StoreId(store), .leader_address = "host:" + std::to_string(store)};
}

TEST_CASE("Router: without a leader the known stores are asked in turn") {
  AddressBook addresses;
  Router router({StoreId(1), StoreId(2)}, addresses);
  CHECK(router.Target() == StoreId(1));
  router.Reject(StoreId(1), std::nullopt);
  CHECK(router.Target() == StoreId(2));
  router.Reject(StoreId(2), std::nullopt);
  CHECK(router.Target() == StoreId(1));
}

TEST_CASE("Router: a hint is followed, its address learnt") {
  AddressBook addresses;
  Router router({StoreId(1)}, addresses);
  router.Reject(StoreId(1), Hint(9));
  CHECK(router.Target() == StoreId(9));
  CHECK(addresses.Find(NodeIdOf(StoreId(9))) == "host:9");
}

TEST_CASE("Router: two stores that point at each other do not make a circle") {
  AddressBook addresses;
  Router router({StoreId(1), StoreId(2), StoreId(3)}, addresses);
  router.Reject(StoreId(1), Hint(2));
  REQUIRE(router.Target() == StoreId(2));
  router.Reject(StoreId(2), Hint(1));
  // The second hint in a row is not believed; the round goes on.
  CHECK(router.Target() == StoreId(2));
  router.Reject(StoreId(2), std::nullopt);
  CHECK(router.Target() == StoreId(3));
}

TEST_CASE("Router: a late rejection by somebody else does not unseat the leader") {
  AddressBook addresses;
  Router router({StoreId(1), StoreId(2)}, addresses);
  router.Confirm(StoreId(2));
  router.Reject(StoreId(1), Hint(1));
  CHECK(router.Target() == StoreId(2));
}

TEST_CASE("Session: the lowest unanswered number follows the slowest write") {
  Session session(SessionId(4));
  CHECK(session.lowest_unanswered() == 1);
  const uint64_t first = session.Begin();
  const uint64_t second = session.Begin();
  session.Finish(second);
  CHECK(session.lowest_unanswered() == first);
  session.Finish(first);
  CHECK(session.lowest_unanswered() == second + 1);
}

TEST_CASE("Session: as many numbers as the window has room for await answers, counted from the slowest") {
  Session session(SessionId(4), 2);
  const uint64_t first = session.Begin();
  CHECK(session.HasRoom());
  const uint64_t second = session.Begin();
  CHECK_FALSE(session.HasRoom());
  session.Finish(second);
  CHECK_FALSE(session.HasRoom());
  session.Finish(first);
  CHECK(session.HasRoom());
}

}  // namespace
}  // namespace orrery
