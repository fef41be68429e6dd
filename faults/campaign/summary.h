#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "faults/campaign/comparison.h"
#include "faults/campaign/groups.h"
#include "faults/campaign/known_failures.h"
#include "faults/campaign/ledger.h"
#include "faults/campaign/seed_result.h"
#include "sim/exit_codes.h"

namespace orrery::faults {

/// Sums over the seeds of one scenario.
struct ScenarioTotals {
  uint64_t seeds = 0;           ///< Finished.
  uint64_t without_result = 0;  ///< SeedResult::finished() is false: not counted above.
  uint64_t failures = 0;        ///< Of both.
  uint64_t run_twice = 0;
  uint64_t differences = 0;
  double cpu_seconds = 0;    ///< Of first runs of finished seeds.
  double spent_seconds = 0;  ///< Of all runs.
  double virtual_seconds = 0;
  uint64_t acknowledged = 0;

  /// Seeds per minute of CPU time, each run once; 0 if none.
  double SeedsPerCpuMinute() const;
};

/// One seed of a scenario that must fail.
struct CanaryRun {
  SeedResult result;
  bool caught = false;  ///< A law was broken or a store refused to go on (10 or 12).
};

/// Everything a campaign has to say: what reports are made of.
struct CampaignSummary {
  std::string label;          ///< Of this night: the date and what --label said.
  std::string mix;            ///< "everything:2, registers:1".
  std::string folder_option;  ///< FolderOption(), for lines to paste.
  uint32_t jobs = 0;
  double wall_seconds = 0;  ///< Of this part; an earlier one that was resumed has its own.
  uint64_t seeds_of_this_part = 0;
  std::string stopped;  ///< Why it ended before its time, for people, or empty.
  bool interrupted = false;
  int today = 0;

  std::vector<SeedResult> results;  ///< Without their counts.
  SightingsByScenario sightings;
  std::vector<MinimalRun> minimal_runs;
  std::vector<KnownFailure> known;
  std::vector<CanaryRun> canaries;
  uint64_t ledger_nights = 0;
  std::vector<Silence> silent;
  std::vector<Night> earlier;

  // What FinishSummary makes of it.
  Night night;
  std::map<std::string, ScenarioTotals> scenarios;
  std::vector<FailureGroup> groups;
  Comparison comparison;
  std::vector<std::string> never_seen;  ///< "probe NAME", "plan NAME", "fault NAME".
  std::vector<std::string> blindness;   ///< Why the pipeline itself is red; empty if it is not.
  sim::ExitCode verdict = sim::ExitCode::kOk;
};

/// Sums, groups, compares and judges. The verdict is the gravest (lowest) exit code of the failures that are not known;
/// kHarness if there is none but the pipeline is blind or a known failure has expired; kUndecided if it was interrupted
/// or no seed finished.
void FinishSummary(CampaignSummary& summary, const std::set<std::string>& existing);

/// The known entry that excuses this signature today, or null.
const KnownFailure* ExcuseOf(const CampaignSummary& summary, const std::string& signature);

/// The line that repeats a result of this campaign: run, check-determinism or, for a shrunk one, replay.
std::string CommandFor(const CampaignSummary& summary, const SeedResult& result, const std::string& capsule);

/// For the terminal: a table of scenarios, the groups, what was never seen, the verdict.
std::string ToText(const CampaignSummary& summary);
/// One HTML page without external parts.
std::string ToHtml(const CampaignSummary& summary);
/// JUnit's XML: a suite per scenario, a case per seed, and a suite of the pipeline's own checks.
std::string ToJunit(const CampaignSummary& summary);

}  // namespace orrery::faults
