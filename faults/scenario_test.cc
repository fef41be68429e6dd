#include "faults/scenario.h"

#include <doctest/doctest.h>

namespace orrery::faults {
namespace {

std::string ErrorOf(std::string_view text) {
  return std::string(ParseScenario(text, "s.toml").status().message());
}

TEST_CASE("Scenario: every field is read, what is left out has its default") {
  const auto scenario = ParseScenario(R"(
title = "Test"
[cluster]
stores = [3, 5]
spare_stores = 1
[run]
safety_seconds = 1.5
[[workload]]
name = "register"
clients = 7
pause_seconds = [0.001, 0.01]
[[fault]]
kind = "kill"
every_seconds = 3
lasts_seconds = 2
)",
                                      "s.toml");
  REQUIRE(scenario.ok());
  CHECK(scenario->stores_low == 3);
  CHECK(scenario->stores_high == 5);
  CHECK(scenario->spare_stores == 1);
  CHECK(scenario->safety == milliseconds(1500));
  CHECK(scenario->liveness_limit == seconds(60));
  REQUIRE(scenario->workloads.size() == 1);
  CHECK(scenario->workloads[0].options.clients == 7);
  CHECK(scenario->workloads[0].pause.low == milliseconds(1));
  REQUIRE(scenario->faults.size() == 1);
  CHECK(scenario->faults[0].kind == FaultKind::kKill);
  CHECK(scenario->faults[0].lasts.high == seconds(2));
}

TEST_CASE("Scenario: errors name file, line and key") {
  CHECK(ErrorOf("title = \"x\"\nsped = 1") == "s.toml:2: sped: is not a known key");
  CHECK(ErrorOf("title = 3") == "s.toml:1: title: must be a text");
  CHECK(ErrorOf("title = \"x\"\n[cluster]\nstores = 10") == "s.toml:3: cluster.stores: is 10, must be between 1 and 9");
  CHECK(ErrorOf("title = \"x\"\n[cluster]\nstores = [5, 3]") ==
        "s.toml:3: cluster.stores: has its low end above its high end");
  CHECK(ErrorOf("title = \"x\"\n[run]\nsafety_seconds = \"long\"") ==
        "s.toml:3: run.safety_seconds: must be a number of seconds");
  CHECK(ErrorOf("title = \"x\"\n[[fault]]\nkind = \"meteor\"")
            .starts_with("s.toml:2: fault.kind: \"meteor\" is not known; there are clog_send"));
  CHECK(ErrorOf("title = \"x\"\n[[workload]]\nname = \"bank\"")
            .starts_with("s.toml:2: workload.name: workload \"bank\" is not known"));
  CHECK(ErrorOf("title = ").starts_with("s.toml:1: "));
  CHECK(ErrorOf("") == "s.toml: title: is missing");
}

TEST_CASE("Scenario: a fault may wait for a moment and be aimed") {
  const auto scenario = ParseScenario(
      "title = \"x\"\n[[fault]]\nkind = \"pause\"\nmoment = \"election\"\naim = \"deposed\"\ndelay_seconds = 0.5",
      "s.toml");
  REQUIRE(scenario.ok());
  CHECK(scenario->faults[0].moment == Moment::kElection);
  CHECK(scenario->faults[0].aim == Aim::kDeposed);
  CHECK(scenario->faults[0].delay.high == milliseconds(500));
  const std::string fault = "title = \"x\"\n[[fault]]\nkind = \"pause\"\n";
  CHECK(ErrorOf(fault + "moment = \"noon\"") ==
        "s.toml:2: fault.moment: \"noon\" is not known; there are election, change, install, send, receive");
  CHECK(ErrorOf(fault + "aim = \"there\"") == "s.toml:2: fault.aim: \"there\" needs a moment");
  CHECK(ErrorOf(fault + "delay_seconds = 1") == "s.toml:2: fault.delay_seconds: needs a moment");
}

TEST_CASE("Scenario: an unknown name lists the known ones, an unreadable folder is named") {
  CHECK(LoadScenario("x", "/nonexistent-folder").status().message().find("/nonexistent-folder") != std::string::npos);
}

TEST_CASE("Scenario: every file of the project is readable and has a title") {
  const auto names = ListScenarios("workloads/scenarios");
  REQUIRE(names.ok());
  CHECK(names->size() >= 5);
  for (const std::string& name : *names) {
    const auto scenario = LoadScenario(name, "workloads/scenarios");
    CHECK_MESSAGE(scenario.ok(), scenario.status().ToString());
  }
}

TEST_CASE("FaultKind: names are unique and lead back to their kind") {
  for (const FaultInfo& info : AllFaults()) {
    CHECK(FaultByName(info.name) == info.kind);
    CHECK(FaultName(info.kind) == info.name);
  }
}

}  // namespace
}  // namespace orrery::faults
