#include "workloads/check/linear_search.h"

#include <doctest/doctest.h>

namespace orrery::check {
namespace {

TEST_CASE("Configurations: each is new once, through every growth, until cleared") {
  ConfigurationSet set;
  for (uint64_t round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < 20'000; ++i) CHECK_UNARY(set.Insert(i * 0x9e3779b97f4a7c15u, i));
    for (uint64_t i = 0; i < 20'000; ++i) CHECK_UNARY_FALSE(set.Insert(i * 0x9e3779b97f4a7c15u, i));
    CHECK(set.size() == 20'000);
    CHECK(set.MemoryBytes() <= 20'000 * 16 * 4);
    set.Clear();
    CHECK(set.size() == 0);
  }
}

TEST_CASE("Configurations: half a hash is not a configuration") {
  ConfigurationSet set;
  CHECK(set.Insert(7, 1));
  CHECK(set.Insert(7, 2));
  CHECK(set.Insert(8, 1));
  CHECK(set.Insert(0, 5));
  CHECK_FALSE(set.Insert(0, 5));
}

}  // namespace
}  // namespace orrery::check
