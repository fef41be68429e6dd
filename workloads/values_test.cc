#include "workloads/values.h"

#include <doctest/doctest.h>

namespace orrery {
namespace {

TEST_CASE("Values: a number comes back from every size, a damaged value does not") {
  for (const uint32_t size : {16u, 100u, 4096u}) {
    const Bytes value = MakeValue(77, size);
    CHECK(value.size() == size);
    CHECK(ParseValue(value) == 77);
    for (size_t at = 0; at < value.size(); at += 7) {
      Bytes damaged = value;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      CHECK_FALSE(ParseValue(damaged).has_value());
    }
  }
  CHECK_FALSE(ParseValue("short").has_value());
}

TEST_CASE("Values: keys of one prefix sort by number") {
  CHECK(NumberedKey("set", 9) < NumberedKey("set", 10));
  CHECK(NumberedKey("set", 42) == "set/000042");
}

}  // namespace
}  // namespace orrery
