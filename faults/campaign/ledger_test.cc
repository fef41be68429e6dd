#include "faults/campaign/ledger.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "faults/campaign/ledger_file.h"

namespace orrery::faults {
namespace {

/// `hit` of `seeds` seeds of a scenario hit probe "p" three times each, all of them probe "q".
SightingsByScenario Seen(const std::string& scenario, uint64_t seeds, uint64_t hit) {
  SightingsByScenario sightings;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    SeedResult result{.scenario = scenario, .seed = seed, .outcome = "ok"};
    result.probes["p"] = seed <= hit ? 3 : 0;
    result.probes["q"] = 1;
    AddSightings(sightings, result);
  }
  return sightings;
}

const std::set<std::string> kNames = {"probe p", "probe q"};

TEST_CASE("Ledger: what was expected five times and not seen is a silence, four times is not") {
  Ledger ledger;
  ledger.Add(Seen("s", 100, 10), {.label = "1"}, kNames);
  const auto silent = ledger.Silent(Seen("s", 50, 0), kNames);
  REQUIRE(silent.size() == 1);
  CHECK(silent[0].name == "probe p");
  CHECK(silent[0].expected == doctest::Approx(5));
  CHECK(ledger.Silent(Seen("s", 49, 0), kNames).empty());
  CHECK(ledger.Silent(Seen("s", 50, 1), kNames).empty());
}

TEST_CASE("Ledger: rates are of seeds, so that one seed with many hits raises no expectation") {
  SightingsByScenario burst;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SeedResult result{.scenario = "s", .seed = seed, .outcome = "ok"};
    if (seed == 1) result.probes["p"] = 1'000'000;
    AddSightings(burst, result);
  }
  Ledger ledger;
  ledger.Add(burst, {.label = "1"}, kNames);
  CHECK(ledger.scenarios.at("s").seen.at("probe p").hits == 1'000'000);
  CHECK(ledger.Silent(Seen("s", 100, 0), kNames).empty());
}

TEST_CASE("Ledger: another scenario's rates say nothing, seen in one of them is seen") {
  Ledger ledger;
  ledger.Add(Seen("s", 100, 100), {.label = "1"}, kNames);
  CHECK(ledger.Silent(Seen("t", 100, 0), kNames).empty());
  SightingsByScenario night = Seen("s", 100, 0);
  night.merge(Seen("t", 10, 1));
  CHECK(ledger.Silent(night, kNames).empty());
}

TEST_CASE("Ledger: a name that left the sources is forgotten") {
  Ledger ledger;
  ledger.Add(Seen("s", 100, 100), {.label = "1"}, kNames);
  CHECK(ledger.Silent(Seen("s", 100, 0), {"probe q"}).empty());
  ledger.Add(Seen("s", 1, 0), {.label = "2"}, {"probe q"});
  CHECK_FALSE(ledger.scenarios.at("s").seen.contains("probe p"));
  CHECK(ledger.scenarios.at("s").seen.at("probe q").seeds == 101);
}

TEST_CASE("Ledger: seeds that did not finish see nothing") {
  SightingsByScenario sightings;
  AddSightings(sightings, {.scenario = "s", .seed = 1, .exit_code = 15, .outcome = "cpu-limit"});
  CHECK(sightings.empty());
}

TEST_CASE("Ledger: it survives its file; nights of one label are one night") {
  Ledger ledger;
  ledger.Add(Seen("s", 3, 2), {.label = "1", .seeds = 3, .failures = {{"a", 1}}}, kNames);
  ledger.Add(Seen("s", 2, 0), {.label = "1", .seeds = 2, .failures = {{"a", 1}, {"b", 2}}}, kNames);
  ledger.Add(Seen("t", 1, 1), {.label = "2", .seeds = 1, .failures = {}}, kNames);
  const auto again = ParseLedger(ledger.ToJson(), "ledger.json");
  REQUIRE(again.ok());
  CHECK(again->ToJson() == ledger.ToJson());
  REQUIRE(again->nights.size() == 2);
  CHECK(again->nights[0].seeds == 5);
  CHECK(again->nights[0].failures.at("a") == 2);
  CHECK(again->scenarios.at("s").seeds == 5);
  CHECK(again->scenarios.at("s").seen.at("probe p").hits == 6);
}

TEST_CASE("Ledger: a file that is cut, of another version or shape is named") {
  const std::string whole = Ledger().ToJson();
  CHECK(ParseLedger("", "l").code() == StatusCode::kCorruption);  // Never a new one: the old nights would be gone.
  CHECK(ParseLedger(whole, "l").ok());
  CHECK(ParseLedger(whole.substr(0, whole.size() / 2), "l").status().message() == "l: is cut or no JSON object");
  CHECK(ParseLedger(R"({"version":2})", "l").status().message() == "l: is of another version than 1");
  for (const char* bad : {R"({"version":1})", R"({"version":1,"nights":[],"scenarios":{"s":{}}})",
                          R"({"version":1,"nights":[3],"scenarios":{}})",
                          R"({"version":1,"nights":[],"scenarios":{"s":{"seeds":1,"seen":{"p":[1]}}}})",
                          R"({"version":1,"nights":[],"scenarios":{"s":{"seeds":-1,"seen":{}}}})",
                          R"({"version":1,"nights":[],"scenarios":{"s":{"seeds":1,"seen":{"p":[-5,-5]}}}})",
                          R"({"version":1,"nights":[],"scenarios":{"s":{"seeds":1,"seen":{"p":[5,2]}}}})",
                          R"({"version":1,"nights":[{"label":"a","seeds":1,"failures":{"x":-1}}],"scenarios":{}})"}) {
    CAPTURE(bad);
    CHECK(ParseLedger(bad, "l").code() == StatusCode::kCorruption);
  }
}

TEST_CASE("Ledger file: two nights that end at the same time are both in it") {
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("orrery-ledger-test-" + std::to_string(getpid()))).string();
  std::filesystem::remove_all(folder);
  const auto slow = LedgerFile::Open(folder);
  REQUIRE(slow.ok());
  CHECK(slow->Read()->nights.empty());
  const auto quick = LedgerFile::Open(folder);
  REQUIRE(quick.ok());
  CHECK(quick->Add(Seen("s", 3, 2), {.label = "quick", .seeds = 3, .failures = {}}, kNames).ok());
  CHECK(slow->Add(Seen("s", 2, 2), {.label = "slow", .seeds = 2, .failures = {}}, kNames).ok());
  CHECK(slow->Read()->nights.size() == 2);
  CHECK(slow->Read()->scenarios.at("s").seeds == 5);
  std::filesystem::remove_all(folder);
  CHECK(LedgerFile::Open("/proc/orrery").code() == StatusCode::kIoError);
}

TEST_CASE("Ledger: every probe, plan and fault has a name, each once") {
  const std::set<std::string> names = ExistingNames();
  CHECK(names.contains("plan power_loss_all"));
  CHECK(names.contains("fault disk_lying_sync"));
  CHECK(names.contains("probe sim.disk.lying_sync"));
  CHECK(names.size() > 150);
}

}  // namespace
}  // namespace orrery::faults
