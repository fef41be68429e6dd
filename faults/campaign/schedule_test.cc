#include "faults/campaign/schedule.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

namespace orrery::faults {
namespace {

TEST_CASE("Shares: names with weights; what is wrong is named") {
  const auto shares = ParseShares("a,b:2,c:0.5");
  REQUIRE(shares.ok());
  REQUIRE(shares->size() == 3);
  CHECK((*shares)[0].weight == 1);
  CHECK((*shares)[1].scenario == "b");
  CHECK((*shares)[1].weight == 2);
  CHECK((*shares)[2].weight == 0.5);
  CHECK(ParseShares("dir/a.toml:3")->front().scenario == "dir/a.toml");
  for (const char* bad : {"", "a,", ",a", ":2", "a:0", "a:-1", "a:x", "a:2x", "a:", "a:inf", "a:nan", "a,b,a:2"}) {
    CAPTURE(bad);
    CHECK(ParseShares(bad).code() == StatusCode::kInvalidArgument);
  }
  CHECK(ParseShares("a:zwei").status().message() == "the weight of a is \"zwei\", must be a number above 0");
}

TEST_CASE("Schedule: CPU time follows the weights, not the numbers of seeds") {
  Schedule schedule({{"cheap", 1}, {"dear", 1}, {"heavy", 2}}, 1, 0);
  const std::map<std::string, double> cost = {{"cheap", 0.5}, {"dear", 8}, {"heavy", 1}};
  std::map<std::string, double> spent;
  for (int i = 0; i < 4000; ++i) {
    const auto next = schedule.Take();
    REQUIRE(next);
    spent[next->scenario] += cost.at(next->scenario);
    schedule.Done(next->scenario, cost.at(next->scenario));
  }
  CHECK(spent["cheap"] == doctest::Approx(spent["dear"]).epsilon(0.05));
  CHECK(spent["heavy"] == doctest::Approx(2 * spent["dear"]).epsilon(0.05));
}

TEST_CASE("Schedule: seeds under way count, so that parallel workers spread over the scenarios") {
  Schedule schedule({{"a", 1}, {"b", 1}}, 1, 0);
  std::map<std::string, int> begun;
  for (int i = 0; i < 6; ++i) ++begun[schedule.Take()->scenario];
  CHECK(begun["a"] == 3);
  CHECK(begun["b"] == 3);
}

TEST_CASE("Schedule: every seed is given out once, finished ones of an earlier part never") {
  Schedule schedule({{"a", 1}, {"b", 1}}, 10, 5);
  schedule.SkipDone("a", 10, 1);
  schedule.SkipDone("a", 12, 1);
  schedule.SkipDone("b", 14, 1);
  schedule.SkipDone("b", 9, 1);      // Below the first seed: of another campaign.
  schedule.SkipDone("b", 15, 1);     // Behind the last.
  schedule.SkipDone("other", 1, 1);  // Not in this mix any more.
  std::set<std::pair<std::string, uint64_t>> given;
  while (const auto next = schedule.Take()) {
    CHECK(given.emplace(next->scenario, next->seed).second);
    schedule.Done(next->scenario, 1);
  }
  const std::set<std::pair<std::string, uint64_t>> expected = {{"a", 11}, {"a", 13}, {"a", 14}, {"b", 10},
                                                               {"b", 11}, {"b", 12}, {"b", 13}};
  CHECK(given == expected);
}

TEST_CASE("Schedule: time spent before a resume counts") {
  Schedule schedule({{"a", 1}, {"b", 1}}, 1, 0);
  for (uint64_t seed = 1; seed <= 10; ++seed) schedule.SkipDone("a", seed, 1);
  for (int i = 0; i < 9; ++i) {
    CHECK(schedule.Take()->scenario == "b");
    schedule.Done("b", 1);
  }
}

}  // namespace
}  // namespace orrery::faults
