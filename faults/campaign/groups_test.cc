#include "faults/campaign/groups.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "faults/campaign/comparison.h"
#include "faults/campaign/shrink_step.h"

namespace orrery::faults {
namespace {

SeedResult Failed(uint64_t seed, int exit_code, const std::string& signature, double cpu) {
  return {.scenario = "s",
          .seed = seed,
          .exit_code = exit_code,
          .outcome = "o",
          .signature = signature,
          .cpu_seconds = cpu};
}

TEST_CASE("Groups: by symptom, graver first, then more frequent; the cheapest seed leads") {
  const std::vector<SeedResult> results = {
      Failed(1, 12, "crash", 5), Failed(2, 0, "ok", 1),      Failed(3, 10, "rare", 1),
      Failed(4, 12, "crash", 2), Failed(5, 10, "common", 3), Failed(6, 10, "common", 4),
  };
  const auto groups = GroupFailures(results, {});
  REQUIRE(groups.size() == 3);
  CHECK(groups[0].signature == "common");
  CHECK(groups[1].signature == "rare");
  CHECK(groups[2].signature == "crash");
  CHECK(groups[2].exit_code == 12);
  CHECK(groups[2].seeds == std::vector<size_t>{3, 0});
  REQUIRE(groups[2].kinds.size() == 1);
  CHECK(groups[2].kinds[0].kinds.empty());
}

TEST_CASE("Groups: one symptom with two causes is split by what shrinking left") {
  std::vector<SeedResult> results;
  for (uint64_t seed = 1; seed <= 5; ++seed) results.push_back(Failed(seed, 10, "x", static_cast<double>(seed)));
  const std::vector<MinimalRun> minimal = {
      {.scenario = "s", .seed = 1, .kinds = {"kill", "put"}, .hint = "anywhere", .story = "first"},
      {.scenario = "s", .seed = 2, .kinds = {"bit_flip", "get"}, .hint = "disks", .story = "second"},
      {.scenario = "s", .seed = 4, .kinds = {"pause", "put"}, .hint = "anywhere", .story = "third"},
      {.scenario = "other", .seed = 3, .kinds = {"pause"}, .hint = "anywhere"},
  };
  const auto groups = GroupFailures(results, minimal);
  REQUIRE(groups.size() == 1);
  REQUIRE(groups[0].kinds.size() == 3);
  CHECK(groups[0].kinds[0].kinds == "kill, put");
  CHECK(groups[0].kinds[0].seeds == std::vector<size_t>{0, 3});
  CHECK(groups[0].kinds[0].story == "first");
  CHECK(groups[0].kinds[1].kinds == "bit_flip, get");
  CHECK(groups[0].kinds[2].seeds == std::vector<size_t>{2, 4});
}

TEST_CASE("Groups: the order in which seeds finished does not matter") {
  std::vector<SeedResult> results = {Failed(1, 10, "a", 1), Failed(2, 10, "b", 1), Failed(3, 10, "a", 1),
                                     Failed(4, 11, "c", 1)};
  const auto names = [](const std::vector<FailureGroup>& groups) {
    std::vector<std::string> list;
    for (const FailureGroup& group : groups) list.push_back(group.signature);
    return list;
  };
  const auto expected = names(GroupFailures(results, {}));
  do {
    const auto groups = GroupFailures(results, {});
    CHECK(names(groups) == expected);
    CHECK(results[groups[0].seeds.front()].seed == 1);
  } while (std::next_permutation(results.begin(), results.end(),
                                 [](const SeedResult& a, const SeedResult& b) { return a.seed < b.seed; }));
}

TEST_CASE("Shrinking: the cheapest of every group first, only what a replay can show") {
  std::vector<SeedResult> results = {Failed(1, 11, "late", 9), Failed(2, 10, "law", 3),   Failed(3, 10, "law", 1),
                                     Failed(4, 10, "law", 2),  Failed(5, 13, "other", 1), Failed(6, 11, "late", 8),
                                     Failed(7, 10, "once", 1), Failed(8, 15, "cut", 1),   Failed(9, 14, "ours", 1)};
  for (SeedResult& result : results) result.confirmed = result.seed != 7;
  CHECK(ChooseForShrinking(results, GroupFailures(results, {})) == std::vector<size_t>{2, 5, 3, 0});
}

TEST_CASE("Comparison: new, known, regressed, gone") {
  const std::vector<Night> earlier = {{.label = "1", .seeds = 100, .failures = {{"old", 4}, {"flaky", 1}}},
                                      {.label = "2", .seeds = 100, .failures = {{"flaky", 2}, {"mended", 10}}}};
  Night now{.label = "3", .seeds = 50, .failures = {{"old", 1}, {"flaky", 1}, {"fresh", 1}}};
  const Comparison comparison = Compare(earlier, now);
  CHECK(comparison.against == "2");
  CHECK(comparison.now.at("old") == Novelty::kRegressed);
  CHECK(comparison.now.at("flaky") == Novelty::kKnown);
  CHECK(comparison.now.at("fresh") == Novelty::kNew);
  REQUIRE(comparison.gone.size() == 1);
  CHECK(comparison.gone[0].signature == "mended");
  CHECK(comparison.gone[0].expected == 5);
}

TEST_CASE("Comparison: the first night has nothing to be compared with") {
  const Comparison comparison = Compare({}, {.label = "1", .seeds = 1, .failures = {{"a", 1}}});
  CHECK(comparison.nights == 0);
  CHECK(comparison.now.at("a") == Novelty::kNew);
  CHECK(comparison.gone.empty());
}

TEST_CASE("Comparison: a seed that did not finish is no seed of a night, but its failure is one") {
  Night night;
  AddToNight(
      night,
      {.scenario = "s", .seed = 1, .exit_code = 15, .outcome = "wall-limit", .signature = "undecided/wall-limit"});
  AddToNight(night, {.scenario = "s", .seed = 2, .outcome = "ok"});
  CHECK(night.seeds == 1);
  CHECK(night.failures.at("undecided/wall-limit") == 1);
}

}  // namespace
}  // namespace orrery::faults
