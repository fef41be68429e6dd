#include "raft/region/inbox.h"

#include <doctest/doctest.h>

using namespace orrery;

TEST_CASE("Inbox: what does not fit is dropped, what was taken makes room") {
  Inbox inbox(10);
  CHECK(inbox.TryPut("123456"));
  CHECK_FALSE(inbox.TryPut("12345"));
  CHECK(inbox.TryPut("1234"));
  CHECK_FALSE(inbox.TryPut("1"));
  CHECK(inbox.Take() == std::vector<Bytes>{"123456", "1234"});
  CHECK(inbox.empty());
  CHECK(inbox.TryPut("1234567890"));
}

TEST_CASE("Inbox: a message larger than the whole is taken when nothing waits") {
  Inbox inbox(4);
  CHECK(inbox.TryPut("123456"));
  CHECK_FALSE(inbox.TryPut("1"));
  CHECK(inbox.Take().size() == 1);
  CHECK(inbox.TryPut("1"));
  CHECK_FALSE(inbox.TryPut("123456"));
}
