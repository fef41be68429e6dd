#include "faults/shrink/candidate_judge.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "faults/shrink/capsule_edit.h"
#include "faults/shrink/fake_runner.h"

namespace orrery::faults {
namespace {

Capsule Numbered(uint64_t number) {
  Capsule capsule = BusyCapsule(5, 6);
  capsule.choices.seed = number;
  return capsule;
}

TEST_CASE("CandidateJudge: the first in order wins, whichever ends first and however many run at once") {
  for (const size_t jobs : {1, 2, 7}) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      FakeRunner runner([](const Capsule& c) { return c.choices.seed == 5 || c.choices.seed >= 8; }, jobs, seed);
      TriedLog log;
      CandidateJudge judge(runner, log);
      const auto win = judge.First(
          12, [](size_t i) { return Numbered(i); }, 1);
      REQUIRE(win.has_value());
      CHECK(win->index == 5);
      // Again: nothing is run that was decided, and the answer is the same.
      const size_t before = runner.judged;
      CHECK(judge
                .First(
                    6, [](size_t i) { return Numbered(i); }, 1)
                ->index == 5);
      CHECK(runner.judged == before);
    }
  }
}

TEST_CASE("CandidateJudge: other salts are tried behind all candidates, and the winner keeps its own") {
  // Fails under one salt in four, another one for each seed.
  const auto fails = [](const Capsule& c) {
    return c.choices.seed >= 3 && c.choices.salts[0] % 4 == c.choices.seed % 4;
  };
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FakeRunner runner(fails, 3, seed);
    TriedLog log;
    CandidateJudge judge(runner, log);
    CHECK_FALSE(judge
                    .First(
                        4, [](size_t i) { return Numbered(i); }, 3)
                    .has_value());
    const auto win = judge.First(
        4, [](size_t i) { return Numbered(i); }, 4);
    REQUIRE(win.has_value());
    CHECK(win->index == 3);
    CHECK(win->capsule.choices.salts[0] == 3);
  }
}

TEST_CASE("CandidateJudge: what does not validate, and what was left out, is never run") {
  FakeRunner runner([](const Capsule&) { return true; }, 1, 1);
  TriedLog log;
  CandidateJudge judge(runner, log);
  const auto make = [](size_t index) -> std::optional<Capsule> {
    if (index == 0) return std::nullopt;
    Capsule capsule = Numbered(index);
    if (index == 1) capsule.faults[1].id = capsule.faults[0].id;
    return capsule;
  };
  const auto win = judge.First(3, make, 4);
  REQUIRE(win.has_value());
  CHECK(win->index == 2);
  CHECK(runner.judged == 1);
}

TEST_CASE("CandidateJudge: equal candidates run once, though the first is still under way") {
  for (const bool fails : {false, true}) {
    FakeRunner runner([fails](const Capsule&) { return fails; }, 4, 1);
    TriedLog log;
    CandidateJudge judge(runner, log);
    const auto win = judge.First(
        4, [](size_t) { return Numbered(5); }, 1);
    CHECK(win.has_value() == fails);
    if (win) CHECK(win->index == 0);
    CHECK(runner.judged == 1);
  }
}

TEST_CASE("CandidateJudge: when there is no more time nothing fails any more") {
  FakeRunner runner([](const Capsule& c) { return c.choices.seed == 7; }, 2, 1);
  runner.judged_max = 3;
  TriedLog log;
  CandidateJudge judge(runner, log);
  CHECK_FALSE(judge
                  .First(
                      12, [](size_t i) { return Numbered(i); }, 1)
                  .has_value());
  CHECK(judge.ended());
  CHECK(judge.broken().ok());
}

TEST_CASE("TriedLog: a second start knows what the first one tried, but for a line that was cut short") {
  const std::string path = (std::filesystem::temp_directory_path() / "orrery_tried_log_test").string();
  std::filesystem::remove(path);
  const std::string a = TriedLog::KeyOf("a");
  const std::string b = TriedLog::KeyOf("b");
  {
    Result<TriedLog> log = TriedLog::Open(path, "program 1");
    REQUIRE(log.ok());
    CHECK(log->Add(a, true).ok());
    CHECK(log->Add(b, false).ok());
  }
  std::ofstream(path, std::ios::app) << TriedLog::KeyOf("c") << " ";
  {
    Result<TriedLog> log = TriedLog::Open(path, "program 1");
    REQUIRE(log.ok());
    CHECK(log->Find(a) == true);
    CHECK(log->Find(b) == false);
    CHECK_FALSE(log->Find(TriedLog::KeyOf("c")).has_value());
    CHECK(log->Add(TriedLog::KeyOf("d"), true).ok());
  }
  CHECK(TriedLog::Open(path, "program 1")->size() == 3);
  CHECK(TriedLog::Open(path, "program 2")->size() == 0);
  CHECK_FALSE(TriedLog::Open("/nowhere/tried", "x").ok());
  std::filesystem::remove(path);
}

TEST_CASE("TriedLog: a full disk is an error that names the file") {
  Result<TriedLog> log = TriedLog::Open("/dev/full", "program");
  REQUIRE_FALSE(log.ok());
  CHECK(log.status().ToString().find("/dev/full") != std::string::npos);
}

}  // namespace
}  // namespace orrery::faults
