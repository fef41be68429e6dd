#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faults/campaign/schedule.h"
#include "faults/process/worker_pool.h"
#include "sim/exit_codes.h"

namespace orrery::faults {

/// Many seeds of some scenarios: docs/campaigns.md.
struct CampaignOptions {
  std::vector<ScenarioShare> shares;
  std::vector<std::string> canaries;  ///< Scenarios that must fail.
  std::string scenario_folder;
  std::string folder_option;  ///< FolderOption(), for lines to paste.
  uint64_t first_seed = 1;
  uint64_t seeds = 0;  ///< Per scenario; 0: no limit.
  double minutes = 0;  ///< Begin no more after this; 0: no limit. One of both is set.
  uint32_t jobs = 2;
  std::string out;  ///< Folder of results.jsonl and the reports; empty: nothing is written.
  bool resume = false;
  bool double_run = false;             ///< Every seed twice, with memory placed and filled differently.
  double shrink_minutes = 0;           ///< For all groups together; 0: nothing is shrunk.
  uint64_t failures_max = 100;         ///< Begin no more after so many that are not known.
  uint64_t canary_seeds = 3;           ///< Of each canary.
  std::vector<std::string> baselines;  ///< Earlier campaigns, the oldest first: folders or results.jsonl files.
  std::string known_path;              ///< Known failures; empty: none.
  std::string ledger_folder;           ///< Where ledger.json is; empty: none.
  std::string label;                   ///< Of this night, besides the date; empty: the commit.
  WorkerLimits limits{.cpu_seconds = 120, .wall_seconds = 600, .memory_bytes = uint64_t{4} << 30};
};

/// Runs the seeds in parallel processes, confirms failures, groups and compares them, writes the reports, prints a
/// summary. SIGINT and SIGTERM end it cleanly: what is finished is kept, what is not is never counted. Returns the
/// verdict of CampaignSummary; kUsage for input that cannot be read, kHarness if nothing can be written, kUndecided if
/// it was interrupted or no seed finished.
sim::ExitCode RunCampaign(const CampaignOptions& options);

}  // namespace orrery::faults
