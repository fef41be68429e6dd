#include "faults/campaign/classify.h"

#include <doctest/doctest.h>

#include <csignal>

namespace orrery::faults {
namespace {

constexpr WorkerLimits kLimits{.cpu_seconds = 10, .wall_seconds = 20, .memory_bytes = uint64_t{1} << 30};

std::string Report(int exit_code, const std::string& outcome, const std::string& fingerprint, uint64_t events = 5) {
  return R"({"scenario":"s","seed":1,"exit_code":)" + std::to_string(exit_code) + R"(,"outcome":")" + outcome +
         R"(","fingerprint":")" + fingerprint + R"(","events":)" + std::to_string(events) + "}\n";
}

SeedResult Judge(const WorkerResult& worker) {
  return Classify("s", 1, worker, kLimits);
}

SeedResult Ran(int exit_code, const std::string& outcome, const std::string& fingerprint, uint64_t events = 5) {
  return Judge({.exit_code = exit_code, .output = Report(exit_code, outcome, fingerprint, events)});
}

TEST_CASE("Classify: a report is believed if it fits how the process ended") {
  const SeedResult good = Judge({.exit_code = 0, .output = "noise\n" + Report(0, "ok", "f"), .cpu_seconds = 2});
  CHECK(good.ok());
  CHECK(good.finished());
  CHECK(good.spent_seconds == 2);
  CHECK(Ran(10, "lost-write", "f").exit_code == 10);
  CHECK(Ran(10, "lost-write", "f").signature == "safety/lost-write");
  const SeedResult liar = Judge({.exit_code = 10, .output = Report(0, "ok", "f")});
  CHECK(liar.exit_code == 14);
  CHECK(liar.outcome == "no-report");
  CHECK(Judge({.signal = SIGSEGV, .output = Report(0, "ok", "f")}).exit_code == 14);
}

TEST_CASE("Classify: a crash has its words from standard error") {
  const SeedResult crash =
      Judge({.exit_code = 12, .output = Report(12, "node-crashed", "00", 0), .errors = "a.cc:1: x"});
  CHECK(crash.exit_code == 12);
  CHECK(crash.words == "a.cc:1: x");
  CHECK(crash.fingerprint.empty());
}

TEST_CASE("Classify: limits and kills are incomplete (15), never counted, and told apart") {
  CHECK(Judge({.signal = SIGKILL, .wall_limit = true}).outcome == "wall-limit");
  CHECK(Judge({.signal = SIGXCPU}).outcome == "cpu-limit");
  CHECK(Judge({.signal = SIGKILL, .cpu_seconds = 15}).outcome == "cpu-limit");
  CHECK(Judge({.signal = SIGABRT, .errors = "what():  std::bad_alloc"}).outcome == "out-of-memory");
  CHECK(Judge({.exit_code = 14, .output = Report(14, "harness-crashed", "", 0), .errors = "std::bad_alloc"}).outcome ==
        "out-of-memory");
  CHECK(Judge({.signal = SIGKILL, .memory_limit = true}).outcome == "out-of-memory");
  CHECK(Judge({.signal = SIGKILL}).outcome == "killed");
  for (const WorkerResult& worker : {WorkerResult{.signal = SIGXCPU}, WorkerResult{.signal = SIGKILL}}) {
    CHECK(Judge(worker).exit_code == 15);
    CHECK_FALSE(Judge(worker).finished());
  }
  // Words about memory in a run that went well are words.
  CHECK(Judge({.exit_code = 0, .output = Report(0, "ok", "f"), .errors = "std::bad_alloc"}).ok());
}

TEST_CASE("Classify: no report and no signal is the harness's own failure") {
  CHECK(Judge({.exit_code = 1, .errors = "orrery-sim: no scenario s"}).exit_code == 14);
  CHECK(Judge({.exit_code = 1, .errors = "orrery-sim: no scenario s"}).words ==
        "exit code 1\norrery-sim: no scenario s");
  CHECK(Judge({.signal = SIGBUS}).outcome == "harness-crashed");
}

TEST_CASE("Confirm: the same failure twice is confirmed, a passing seed is run twice") {
  SeedResult failed = Ran(10, "lost-write", "f");
  Confirm(failed, Ran(10, "lost-write", "f"), false);
  CHECK(failed.confirmed);
  CHECK(failed.double_run == DoubleRun::kNone);
  SeedResult passed = Ran(0, "ok", "f");
  Confirm(passed, Ran(0, "ok", "f"), true);
  CHECK(passed.ok());
  CHECK_FALSE(passed.confirmed);
  CHECK(passed.double_run == DoubleRun::kEqual);
}

TEST_CASE("Confirm: two finished runs that differ are nondeterminism, whatever each says") {
  for (const int second_code : {0, 10}) {
    SeedResult first = Ran(second_code == 0 ? 10 : 0, "a", "f1");
    Confirm(first, Ran(second_code, "b", "f2"), true);
    CHECK(first.exit_code == 13);
    CHECK(first.double_run == DoubleRun::kDiffers);
    CHECK(first.signature == "nondeterminism");
  }
  SeedResult same_verdict = Ran(0, "ok", "f1");
  Confirm(same_verdict, Ran(0, "ok", "f2"), true);
  CHECK(same_verdict.exit_code == 13);
}

TEST_CASE("Confirm: a crash or a limit that does not come again is not reproduced") {
  SeedResult crash = Judge({.exit_code = 12, .output = Report(12, "node-crashed", "", 0), .errors = "x"});
  SeedResult again = crash;
  Confirm(again, crash, false);
  CHECK(again.confirmed);
  CHECK(again.exit_code == 12);
  Confirm(crash, Ran(0, "ok", "f"), false);
  CHECK(crash.exit_code == 16);
  CHECK(crash.signature == "not_reproduced/node_crashed/node-crashed");
  SeedResult late = Judge({.signal = SIGKILL, .wall_limit = true});
  SeedResult late_again = late;
  Confirm(late_again, late, false);
  CHECK(late_again.exit_code == 15);
  SeedResult late_then_greedy = late;
  Confirm(late_then_greedy, Judge({.signal = SIGKILL, .memory_limit = true}), false);
  CHECK(late_then_greedy.exit_code == 15);
  CHECK(late_again.confirmed);
  Confirm(late, Ran(0, "ok", "f"), false);
  CHECK(late.exit_code == 16);
}

TEST_CASE("Confirm: a failure seen to its end stands when the other run was cut off, unconfirmed") {
  const SeedResult killed = Judge({.signal = SIGKILL, .cpu_seconds = 2});
  SeedResult failed = Ran(10, "lost-write", "f");
  CHECK(Confirm(failed, killed, false) == Standing::kFirst);
  CHECK(failed.exit_code == 10);
  CHECK(failed.signature == "safety/lost-write");
  CHECK_FALSE(failed.confirmed);
  CHECK(failed.words.find("killed") != std::string::npos);
  SeedResult cut_off = killed;
  CHECK(Confirm(cut_off, Ran(10, "lost-write", "f"), false) == Standing::kSecond);
  CHECK(cut_off.exit_code == 10);
  CHECK(cut_off.signature == "safety/lost-write");
  CHECK(cut_off.spent_seconds == 2);
  const SeedResult node_crash = Judge({.exit_code = 12, .output = Report(12, "node-crashed", "", 0)});
  SeedResult crash = node_crash;
  Confirm(crash, Judge({.signal = SIGKILL, .wall_limit = true}), true);
  CHECK(crash.exit_code == 12);
  SeedResult law_first = Ran(10, "lost-write", "f");
  CHECK(Confirm(law_first, node_crash, true) == Standing::kFirst);
  CHECK(law_first.exit_code == 10);
  SeedResult crash_first = node_crash;
  CHECK(Confirm(crash_first, Ran(10, "lost-write", "f"), true) == Standing::kSecond);
  CHECK(crash_first.exit_code == 10);
}

TEST_CASE("Confirm: a seed without a result is not finished, whatever kept it from one") {
  SeedResult hung_up = Judge({.signal = SIGHUP});
  CHECK(hung_up.outcome == "killed");
  CHECK(hung_up.exit_code == 15);
  CHECK_FALSE(Judge({.signal = SIGBUS}).finished());
  Confirm(hung_up, Ran(0, "ok", "f"), false);
  CHECK(hung_up.outcome == "not-reproduced");
  CHECK_FALSE(hung_up.finished());
  SeedResult passed = Ran(0, "ok", "f");
  Confirm(passed, Judge({.signal = SIGBUS}), true);
  CHECK(passed.exit_code == 14);
  CHECK_FALSE(passed.finished());
}

TEST_CASE("Confirm: a second run that was cut off is not counted as run twice") {
  SeedResult passed = Ran(0, "ok", "f");
  Confirm(passed, Judge({.signal = SIGKILL, .wall_limit = true}), true);
  CHECK(passed.exit_code == 15);
  CHECK_FALSE(passed.finished());
  CHECK(passed.double_run == DoubleRun::kNone);
  SeedResult crashed_later = Ran(0, "ok", "f");
  Confirm(crashed_later, Judge({.exit_code = 12, .output = Report(12, "node-crashed", "", 0)}), true);
  CHECK(crashed_later.exit_code == 16);
}

}  // namespace
}  // namespace orrery::faults
