// Runs that are recorded, replayed and cut: the working folder is the root of the sources.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "faults/capsule/capsule.h"
#include "faults/recording.h"
#include "faults/replay_verdict.h"
#include "faults/scenario.h"
#include "faults/signature.h"
#include "faults/simulation.h"

namespace orrery::faults {
namespace {

struct Recorded {
  SimulationReport report;
  Capsule capsule;
};

Recorded Record(const Scenario& scenario, uint64_t seed) {
  Recording recording;
  SimulationOptions options;
  options.choices.seed = seed;
  options.recording = &recording;
  SimulationReport report = RunSimulation(scenario, options);
  Capsule capsule = recording.Finish(report);
  return {std::move(report), std::move(capsule)};
}

/// As a process of its own would do it: through the text. Also tells what happened.
Recorded Replay(const Capsule& capsule) {
  const Result<Capsule> read = ParseCapsule(FormatCapsule(capsule), "c.toml");
  REQUIRE_MESSAGE(read.ok(), read.status().ToString());
  Recording recording;
  SimulationOptions options;
  options.choices = read->choices;
  options.recording = &recording;
  SimulationReport report = ReplayCapsule(*read, options);
  Capsule again = recording.Finish(report);
  return {std::move(report), std::move(again)};
}

/// A small scenario of a few seconds.
Scenario Small() {
  Result<Scenario> scenario = ParseScenario(R"(
title = "Small"
[run]
safety_seconds = 8
[[workload]]
name = "register"
clients = 3
keys = 4
[[workload]]
name = "set"
clients = 2
[[fault]]
kind = "kill"
every_seconds = 2
lasts_seconds = [0.1, 1]
[[fault]]
kind = "clog_pair"
every_seconds = 3
[[fault]]
kind = "clock_drift"
every_seconds = 2
[[fault]]
kind = "kill"
every_seconds = 4
lasts_seconds = 0.2
)",
                                            "small.toml");
  REQUIRE(scenario.ok());
  scenario->name = "small";
  return *std::move(scenario);
}

std::vector<std::string> IdsOf(const Capsule& capsule) {
  std::vector<std::string> ids;
  for (const FaultEntry& fault : capsule.faults) ids.push_back(fault.id);
  return ids;
}

TEST_CASE("Capsule: a recorded run of every scenario replays with the same fingerprint") {
  const auto names = ListScenarios("workloads/scenarios");
  REQUIRE(names.ok());
  for (const std::string& name : *names) {
    CAPTURE(name);
    const auto scenario = LoadScenario(name, "workloads/scenarios");
    REQUIRE(scenario.ok());
    const Recorded recorded = Record(*scenario, 11);
    CHECK(FormatCapsule(recorded.capsule).size() <= size_t{1} << 20);
    const Recorded replayed = Replay(recorded.capsule);
    CHECK(replayed.report.fingerprint.ToString() == recorded.report.fingerprint.ToString());
    CHECK(replayed.report.stale.empty());
    CHECK(FormatCapsule(replayed.capsule) == FormatCapsule(recorded.capsule));
    CHECK(JudgeReplay(recorded.capsule, replayed.report, true, ThisBuild()).reproduced);
  }
}

TEST_CASE("Capsule: the seed of a capsule draws no fault and no operation") {
  const Recorded recorded = Record(Small(), 5);
  REQUIRE(recorded.capsule.faults.size() >= 4);
  Capsule other = recorded.capsule;
  other.choices.seed = 999;
  const Recorded replayed = Replay(other);
  CHECK(IdsOf(replayed.capsule).size() + replayed.report.stale.size() == recorded.capsule.faults.size());
  CHECK(replayed.report.fingerprint.ToString() != recorded.report.fingerprint.ToString());
  for (size_t i = 0; i < other.workloads.size(); ++i) {
    CHECK(replayed.capsule.workloads[i].operations == other.workloads[i].operations);
  }
}

TEST_CASE("Capsule: without one fault, the others keep ids, times and targets") {
  const Recorded recorded = Record(Small(), 6);
  const std::vector<FaultEntry>& all = recorded.capsule.faults;
  REQUIRE(all.size() >= 4);
  for (size_t dropped = 0; dropped < all.size(); ++dropped) {
    Capsule without = recorded.capsule;
    without.faults.erase(without.faults.begin() + static_cast<std::ptrdiff_t>(dropped));
    const Recorded replayed = Replay(without);
    CHECK(replayed.capsule.faults.size() + replayed.report.stale.size() == all.size() - 1);
    for (const FaultEntry& fault : replayed.capsule.faults) {
      CHECK(std::find(all.begin(), all.end(), fault) != all.end());
      CHECK(fault.id != all[dropped].id);
    }
  }
}

/// What the clients of the first workload wrote in a replay, by number, as its history has it.
std::set<uint64_t> NumbersWritten(const Capsule& capsule) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "orrery_capsule_replay_test";
  std::filesystem::create_directories(folder);
  SimulationOptions options;
  options.choices = capsule.choices;
  options.history_folder = folder.string();
  REQUIRE(ReplayCapsule(capsule, options).outcome == "ok");
  std::ifstream file(folder / (capsule.workloads[0].name + "0.jsonl"));
  std::set<uint64_t> numbers;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json json = nlohmann::json::parse(line);
    if (json.value("type", "") != "invoke") continue;
    for (const auto& micro : json["ops"]) {
      const bool writes = micro[0] == "w" || micro[0] == "cas";
      if (writes && micro.back().is_number()) numbers.insert(micro.back().get<uint64_t>());
    }
  }
  std::filesystem::remove_all(folder);
  return numbers;
}

std::set<uint64_t> NumbersOf(const std::vector<OperationEntry>& operations) {
  std::set<uint64_t> numbers;
  for (const OperationEntry& entry : operations) {
    const OperationKind kind = entry.operation.kind;
    if (kind != OperationKind::kPut && kind != OperationKind::kSwap) continue;
    numbers.insert(ValueNumber(entry.client, entry.operation.ordinal));
  }
  return numbers;
}

TEST_CASE("Capsule: without some operations, the others keep ids and values") {
  const Recorded recorded = Record(Small(), 7);
  CHECK(NumbersWritten(recorded.capsule) == NumbersOf(recorded.capsule.workloads[0].operations));
  Capsule without = recorded.capsule;
  std::vector<OperationEntry>& operations = without.workloads[0].operations;
  REQUIRE(operations.size() > 20);
  operations.erase(operations.begin() + 3, operations.begin() + 10);
  const Recorded replayed = Replay(without);
  CHECK(replayed.capsule.workloads[0].operations == operations);
  CHECK(replayed.capsule.workloads[1].operations == without.workloads[1].operations);
  CHECK(NumbersWritten(without) == NumbersOf(operations));
  CHECK(NumbersOf(operations).size() < NumbersOf(recorded.capsule.workloads[0].operations).size());
}

TEST_CASE("Capsule: a fault that does not fit any more is stale, named, and not done") {
  Recorded recorded = Record(Small(), 8);
  FaultEntry kill;
  kill.id = "kill#first";
  kill.kind = FaultKind::kKill;
  kill.at = seconds(1);
  kill.lasts = seconds(5);
  kill.targets = {NodeIdOf(StoreId(1))};
  FaultEntry again = kill;
  again.id = "kill#again";
  again.at = seconds(2);
  FaultEntry late = kill;
  late.id = "kill#anchored";
  late.at = Duration(0);
  late.anchor = Anchor{.store = StoreId(2), .boot = 77, .event = AnchorEvent::kBoot, .count = 1};
  recorded.capsule.faults = {kill, again, late};
  const Recorded replayed = Replay(recorded.capsule);
  CHECK(IdsOf(replayed.capsule) == std::vector<std::string>{"kill#first"});
  REQUIRE(replayed.report.stale.size() == 2);
  CHECK(replayed.report.stale[0].id == "kill#again");
  CHECK(replayed.report.stale[0].why == "store1 is down");
  CHECK(replayed.report.stale[1].why == "its anchor was never reached");
}

TEST_CASE("Capsule: a latency by name that nothing was sent under is stale, and the others change the run") {
  Recorded recorded = Record(Small(), 8);
  // Whoever leads sends messages all the time: some of these slots are used.
  auto& latencies = recorded.capsule.choices.latencies;
  for (const std::string_view way : {"node1>node2", "node2>node1", "node2>node3", "node3>node1"}) {
    for (uint64_t slot = 50'000; slot < 56'000; ++slot) latencies[sim::LatencyName(way, 2, slot)] = milliseconds(3);
  }
  const std::string never = sim::LatencyName("node1>node2", 9, 30'000);
  latencies[never] = milliseconds(3);
  const Recorded replayed = Replay(recorded.capsule);
  CHECK(replayed.report.fingerprint.ToString() != recorded.report.fingerprint.ToString());
  CHECK(replayed.report.stale.size() < latencies.size());
  const auto is_never = [&](const StaleEntry& entry) { return entry.id == never; };
  const auto found = std::find_if(replayed.report.stale.begin(), replayed.report.stale.end(), is_never);
  REQUIRE(found != replayed.report.stale.end());
  CHECK(found->why == "nothing was sent on this way and channel then");
  // What the replay writes has the used ones only, and is the same run.
  CHECK(replayed.capsule.choices.latencies.size() + replayed.report.stale.size() == latencies.size());
  const Recorded again = Replay(replayed.capsule);
  CHECK(again.report.stale.empty());
  CHECK(again.report.fingerprint.ToString() == replayed.report.fingerprint.ToString());
}

TEST_CASE("Capsule: an anchored fault comes when its anchor is reached, whatever the time") {
  Recorded recorded = Record(Small(), 9);
  FaultEntry kill;
  kill.id = "kill#1";
  kill.kind = FaultKind::kKill;
  kill.at = seconds(2);
  kill.lasts = milliseconds(100);
  kill.targets = {NodeIdOf(StoreId(2))};
  for (const AnchorEvent event : {AnchorEvent::kBoot, AnchorEvent::kLogSync, AnchorEvent::kLogWrite}) {
    FaultEntry next = kill;
    next.id = "kill#2";
    next.at = Duration(0);
    next.anchor =
        Anchor{.store = StoreId(2), .boot = event == AnchorEvent::kBoot ? 0u : 2u, .event = event, .count = 1};
    recorded.capsule.faults = {kill, next};
    const Recorded replayed = Replay(recorded.capsule);
    CHECK(IdsOf(replayed.capsule) == std::vector<std::string>{"kill#1", "kill#2"});
    CHECK(replayed.report.restarts == 2);
    CHECK(replayed.report.outcome == "ok");
  }
}

TEST_CASE("Capsule: calm streams and salts give other runs of the same faults and operations") {
  const Recorded recorded = Record(Small(), 10);
  Capsule calm = recorded.capsule;
  calm.choices.calm.fill(true);
  const Recorded first = Replay(calm);
  CHECK(first.report.outcome == "ok");
  CHECK(Replay(calm).report.fingerprint.ToString() == first.report.fingerprint.ToString());
  Capsule salted = recorded.capsule;
  salted.choices.salts.fill(3);
  CHECK(Replay(salted).report.fingerprint.ToString() != recorded.report.fingerprint.ToString());
}

TEST_CASE("Replay: what the capsule promises and does not come is not reproduced") {
  Recorded recorded = Record(Small(), 12);
  recorded.capsule.expected = {sim::ExitCode::kSafety, "lost-write", "safety/lost-write", ""};
  const Recorded replayed = Replay(recorded.capsule);
  const ReplayVerdict verdict = JudgeReplay(recorded.capsule, replayed.report, true, ThisBuild());
  CHECK_FALSE(verdict.reproduced);
  CHECK(verdict.ExitCode(replayed.report) == sim::ExitCode::kNotReproduced);
  for (const sim::ExitCode shows_nothing : {sim::ExitCode::kHarness, sim::ExitCode::kUndecided}) {
    CHECK(verdict.ExitCode({.exit_code = shows_nothing}) == shows_nothing);
  }
  CHECK(ReplayText(replayed.report, verdict).ends_with("not reproduced: expected safety/lost-write, got ok\n"));
}

TEST_CASE("Replay: another fingerprint is told of the same build only, under the capsule's own choices") {
  const Recorded recorded = Record(Small(), 13);
  Capsule edited = recorded.capsule;
  edited.expected.fingerprint = std::string(32, '0');
  BuildId here = edited.build;
  here.commit = edited.build.commit = "abc";
  CHECK(JudgeReplay(edited, recorded.report, true, here).other_fingerprint);
  CHECK_FALSE(JudgeReplay(edited, recorded.report, false, here).other_fingerprint);
  here.patch = "else";
  CHECK_FALSE(JudgeReplay(edited, recorded.report, true, here).other_fingerprint);
}

}  // namespace
}  // namespace orrery::faults
