#include "faults/campaign/summary.h"

#include <doctest/doctest.h>

#include "faults/campaign/escape.h"
#include "faults/campaign/progress.h"

namespace orrery::faults {
namespace {

SeedResult Passed(uint64_t seed) {
  return {.scenario = "s", .seed = seed, .outcome = "ok", .signature = "ok", .cpu_seconds = 2};
}

SeedResult Failed(uint64_t seed, int exit_code, const std::string& signature, const std::string& words = "w") {
  return {.scenario = "s",
          .seed = seed,
          .exit_code = exit_code,
          .outcome = "lost-write",
          .words = words,
          .signature = signature,
          .confirmed = true,
          .cpu_seconds = 1};
}

CampaignSummary Finished(std::vector<SeedResult> results, std::vector<KnownFailure> known = {}) {
  CampaignSummary summary;
  summary.label = "2026-11-21 <abc>";
  summary.today = 20261121;
  summary.results = std::move(results);
  summary.known = std::move(known);
  FinishSummary(summary, {"probe p", "plan kill"});
  return summary;
}

TEST_CASE("Verdict: the gravest failure; none and nothing blind is ok; nothing run is undecided") {
  CHECK(Finished({Passed(1)}).verdict == sim::ExitCode::kOk);
  CHECK(Finished({Passed(1), Failed(2, 12, "a"), Failed(3, 10, "b"), Failed(4, 11, "c")}).verdict ==
        sim::ExitCode::kSafety);
  CHECK(Finished({}).verdict == sim::ExitCode::kUndecided);
}

TEST_CASE("Verdict: a known failure is excused until its day; from then on it is red, even unseen") {
  const KnownFailure current{.signature = "a", .reason = "r", .expires = 20261122};
  const KnownFailure expired{.signature = "a", .reason = "r", .expires = 20261121};
  CHECK(Finished({Failed(1, 10, "a")}, {current}).verdict == sim::ExitCode::kOk);
  CHECK(Finished({Failed(1, 10, "a"), Failed(2, 11, "b")}, {current}).verdict == sim::ExitCode::kLiveness);
  CHECK(Finished({Failed(1, 10, "a")}, {expired}).verdict == sim::ExitCode::kSafety);
  CHECK(Finished({Passed(1)}, {expired}).verdict == sim::ExitCode::kHarness);
  CHECK(Finished({Passed(1)}, {current}).verdict == sim::ExitCode::kOk);
}

TEST_CASE("Verdict: a canary that passes, a silence, an interruption are not green") {
  CampaignSummary blind;
  blind.results = {Passed(1)};
  blind.canaries = {{.result = {.scenario = "canary", .seed = 4, .outcome = "ok"}, .caught = false}};
  FinishSummary(blind, {});
  CHECK(blind.verdict == sim::ExitCode::kHarness);
  REQUIRE(blind.blindness.size() == 1);
  CHECK(blind.blindness[0] == "canary canary seed 4 was not caught: exit 0 ok");
  CampaignSummary silent;
  silent.results = {Passed(1)};
  silent.silent = {{.name = "probe p", .expected = 7.5}};
  FinishSummary(silent, {});
  CHECK(silent.verdict == sim::ExitCode::kHarness);
  CampaignSummary interrupted;
  interrupted.results = {Passed(1)};
  interrupted.interrupted = true;
  FinishSummary(interrupted, {});
  CHECK(interrupted.verdict == sim::ExitCode::kUndecided);
}

TEST_CASE("Totals: seeds that were cut off are told, not counted") {
  SeedResult cut = Failed(3, 15, "undecided/wall-limit");
  cut.outcome = "wall-limit";
  const CampaignSummary summary = Finished({Passed(1), Passed(2), cut});
  const ScenarioTotals& totals = summary.scenarios.at("s");
  CHECK(totals.seeds == 2);
  CHECK(totals.without_result == 1);
  CHECK(totals.failures == 1);
  CHECK(totals.SeedsPerCpuMinute() == doctest::Approx(30));
  CHECK(summary.night.seeds == 2);
  CHECK(summary.never_seen == std::vector<std::string>{"plan kill", "probe p"});
}

TEST_CASE("Escape: nothing of a text is markup, and every byte is one that XML can hold") {
  CHECK(Escape("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  CHECK(Escape("a\nb\tc") == "a\nb\tc");
  const std::string replaced = "\xEF\xBF\xBD";
  CHECK(Escape(std::string("a\0b", 3)) == "a" + replaced + "b");
  CHECK(Escape("\x1b[0m") == replaced + "[0m");
  CHECK(Escape("\xff") == replaced);
  CHECK(Escape("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x99\x82") == "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x99\x82");
  CHECK(Escape("\xC3") == replaced);                                // Cut.
  CHECK(Escape("\xC0\xAF") == replaced + replaced);                 // Overlong.
  CHECK(Escape("\xED\xA0\x80") == replaced + replaced + replaced);  // A surrogate.
  CHECK(Escape("\xEF\xBF\xBF") == replaced + replaced + replaced);  // U+FFFF.
}

TEST_CASE("HTML: words of a failure stay words, the line to paste is there, nothing is loaded from outside") {
  const CampaignSummary summary = Finished({Failed(7, 10, "safety/<lost>", "<script>alert(1)</script>"), Passed(1)});
  const std::string html = ToHtml(summary);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("&lt;script&gt;alert(1)") != std::string::npos);
  CHECK(html.find("safety/&lt;lost&gt;") != std::string::npos);
  CHECK(html.find("orrery-sim run --scenario s --seed 7") != std::string::npos);
  CHECK(html.find("2026-11-21 &lt;abc&gt;") != std::string::npos);
  for (const char* outside : {"http:", "https:", "src=", "@import", "url("}) {
    CAPTURE(outside);
    CHECK(html.find(outside) == std::string::npos);
  }
}

TEST_CASE("JUnit: a case per seed; excused failures are skipped; a blind pipeline fails by itself") {
  const KnownFailure known{.signature = "a", .reason = "<r>", .expires = 20270101};
  CampaignSummary summary = Finished({Passed(1), Failed(2, 10, "a"), Failed(3, 10, "b", "x]]>")}, {known});
  const std::string xml = ToJunit(summary);
  CHECK(xml.find("<testsuite name=\"s\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"") != std::string::npos);
  CHECK(xml.find("<skipped message=\"known: &lt;r&gt;\"/>") != std::string::npos);
  CHECK(xml.find("x]]&gt;") != std::string::npos);
  CHECK(xml.find("<testsuite name=\"pipeline\" tests=\"1\" failures=\"0\"") != std::string::npos);
  summary.blindness = {"canary"};
  CHECK(ToJunit(summary).find("<testsuite name=\"pipeline\" tests=\"1\" failures=\"1\"") != std::string::npos);
}

TEST_CASE("Commands: a run, two runs that differ, a shrunk run") {
  CHECK(CommandFor({}, Failed(7, 10, "a"), "") == "orrery-sim run --scenario s --seed 7");
  CHECK(CommandFor({}, Failed(7, 13, "a"), "") == "orrery-sim check-determinism --scenario s --seeds 7..7");
  CHECK(CommandFor({}, Failed(7, 10, "a"), "out/a.toml") == "orrery-sim replay out/a.toml");
}

TEST_CASE("Progress: seeds per second from the beginning") {
  CHECK(ProgressText({.seconds = 125, .seeds = 410, .failures = 2, .running = 2}) ==
        "125 s: 410 seeds, 2 failures, 3.28 seeds/s, 2 running");
  CHECK(ProgressText({}) == "0 s: 0 seeds, 0 failures, 0.00 seeds/s, 0 running");
}

}  // namespace
}  // namespace orrery::faults
