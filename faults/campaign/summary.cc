#include "faults/campaign/summary.h"

#include <fmt/core.h>

#include <algorithm>

#include "faults/simulation.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

void SumUp(CampaignSummary& summary) {
  for (const SeedResult& result : summary.results) {
    AddToNight(summary.night, result);
    ScenarioTotals& totals = summary.scenarios[result.scenario];
    totals.failures += result.ok() ? 0 : 1;
    totals.run_twice += result.double_run == DoubleRun::kNone ? 0 : 1;
    totals.differences += result.double_run == DoubleRun::kDiffers ? 1 : 0;
    totals.spent_seconds += result.spent_seconds;
    if (!result.finished()) {
      ++totals.without_result;
      continue;
    }
    ++totals.seeds;
    totals.cpu_seconds += result.cpu_seconds;
    totals.virtual_seconds += result.virtual_seconds;
    totals.acknowledged += result.acknowledged;
  }
}

void FindBlindness(CampaignSummary& summary) {
  for (const CanaryRun& canary : summary.canaries) {
    if (canary.caught) continue;
    summary.blindness.push_back(fmt::format("canary {} seed {} was not caught: exit {} {}", canary.result.scenario,
                                            canary.result.seed, canary.result.exit_code, canary.result.outcome));
  }
  for (const Silence& silence : summary.silent) {
    summary.blindness.push_back(
        fmt::format("{} was not seen; {:.1f} seeds should have seen it", silence.name, silence.expected));
  }
  for (const KnownFailure& known : summary.known) {
    if (!IsExpired(known, summary.today)) continue;
    summary.blindness.push_back(fmt::format("known failure \"{}\" has expired on {}: {}", known.signature,
                                            DateText(known.expires), known.reason));
  }
}

}  // namespace

double ScenarioTotals::SeedsPerCpuMinute() const {
  return cpu_seconds > 0 ? static_cast<double>(seeds) / cpu_seconds * 60 : 0;
}

const KnownFailure* ExcuseOf(const CampaignSummary& summary, const std::string& signature) {
  const KnownFailure* const known = FindKnown(summary.known, signature);
  return known != nullptr && !IsExpired(*known, summary.today) ? known : nullptr;
}

void FinishSummary(CampaignSummary& summary, const std::set<std::string>& existing) {
  summary.night = {.label = summary.label, .seeds = 0, .failures = {}};
  SumUp(summary);
  summary.groups = GroupFailures(summary.results, summary.minimal_runs);
  summary.comparison = Compare(summary.earlier, summary.night);
  std::set<std::string> unseen = existing;
  for (const auto& [scenario, sightings] : summary.sightings) {
    for (const auto& [name, counts] : sightings.seen) unseen.erase(name);
  }
  summary.never_seen.assign(unseen.begin(), unseen.end());
  FindBlindness(summary);
  for (const FailureGroup& group : summary.groups) {
    if (ExcuseOf(summary, group.signature) != nullptr) continue;
    const auto code = static_cast<ExitCode>(group.exit_code);
    if (summary.verdict == ExitCode::kOk || code < summary.verdict) summary.verdict = code;
  }
  if (summary.verdict != ExitCode::kOk) return;
  if (!summary.blindness.empty()) {
    summary.verdict = ExitCode::kHarness;
  } else if (summary.night.seeds == 0 || summary.interrupted) {
    summary.verdict = ExitCode::kUndecided;
  }
}

std::string CommandFor(const CampaignSummary& summary, const SeedResult& result, const std::string& capsule) {
  if (!capsule.empty()) return "orrery-sim replay " + capsule;
  if (result.exit_code == static_cast<int>(ExitCode::kNondeterminism)) {
    return fmt::format("orrery-sim check-determinism --scenario {} --seeds {}..{}{}", result.scenario, result.seed,
                       result.seed, summary.folder_option);
  }
  const std::string line = ReproLine(result.scenario, result.seed);
  return line.substr(line.find("orrery-sim")) + summary.folder_option;
}

}  // namespace orrery::faults
