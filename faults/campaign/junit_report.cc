#include <fmt/core.h>

#include "faults/campaign/escape.h"
#include "faults/campaign/summary.h"

namespace orrery::faults {
namespace {

/// What stands inside of a case, and how it counts.
struct Verdict {
  std::string body;
  int failures = 0;
  int skipped = 0;
};

Verdict VerdictOf(const CampaignSummary& summary, const SeedResult& result) {
  if (result.ok()) return {};
  if (const KnownFailure* const excuse = ExcuseOf(summary, result.signature); excuse != nullptr) {
    return {.body = fmt::format("<skipped message=\"{}\"/>", Escape("known: " + excuse->reason)), .skipped = 1};
  }
  return {.body = fmt::format("<failure type=\"{}\" message=\"{}\">{}\n{}</failure>", Escape(result.outcome),
                              Escape(result.signature), Escape(result.words), Escape(CommandFor(summary, result, ""))),
          .failures = 1};
}

std::string Case(std::string_view suite, std::string_view name, double seconds, const std::string& body) {
  const std::string head =
      fmt::format("<testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", Escape(suite), Escape(name), seconds);
  return body.empty() ? head + "/>\n" : head + ">" + body + "</testcase>\n";
}

std::string Suite(std::string_view name, size_t tests, int failures, int skipped, double seconds,
                  const std::string& cases) {
  return fmt::format(
      "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3f}\">\n{}"
      "</testsuite>\n",
      Escape(name), tests, failures, skipped, seconds, cases);
}

std::string ScenarioSuite(const CampaignSummary& summary, const std::string& scenario) {
  std::string cases;
  size_t tests = 0;
  int failures = 0;
  int skipped = 0;
  double seconds = 0;
  for (const SeedResult& result : summary.results) {
    if (result.scenario != scenario) continue;
    const Verdict verdict = VerdictOf(summary, result);
    cases += Case(scenario, fmt::format("seed {}", result.seed), result.cpu_seconds, verdict.body);
    ++tests;
    failures += verdict.failures;
    skipped += verdict.skipped;
    seconds += result.cpu_seconds;
  }
  return Suite(scenario, tests, failures, skipped, seconds, cases);
}

/// One case that fails if the pipeline is blind, or has not seen enough to say anything.
std::string PipelineSuite(const CampaignSummary& summary) {
  std::string body;
  const auto fail = [&](std::string_view type, const std::string& message) {
    body += fmt::format("<failure type=\"{}\" message=\"{}\"/>", type, Escape(message));
  };
  for (const std::string& reason : summary.blindness) fail("blind", reason);
  if (summary.interrupted) fail("undecided", "the campaign was interrupted");
  if (summary.night.seeds == 0) fail("undecided", "no seed came to its end");
  return Suite("pipeline", 1, body.empty() ? 0 : 1, 0, 0,
               Case("pipeline", "canaries, ledger, known failures and the campaign's end", 0, body));
}

}  // namespace

std::string ToJunit(const CampaignSummary& summary) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [scenario, totals] : summary.scenarios) text += ScenarioSuite(summary, scenario);
  return text + PipelineSuite(summary) + "</testsuites>\n";
}

}  // namespace orrery::faults
