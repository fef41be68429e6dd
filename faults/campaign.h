#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/exit_codes.h"

namespace orrery::faults {

/// Many seeds of some scenarios.
struct CampaignOptions {
  std::vector<std::string> scenarios;
  std::string scenario_folder;
  uint64_t seed_first = 1;
  uint64_t seeds = 100;  ///< Per scenario, at most.
  double minutes = 0;    ///< Stop beginning new ones after this; 0: no limit.
  uint32_t jobs = 2;
  std::string results_path;    ///< One JSON object per finished seed is appended, if not empty.
  uint64_t failures_max = 20;  ///< Stop beginning new ones after so many.
};

/// Runs the seeds in parallel processes, scenarios in turn. Prints progress, each failure with its line to paste, and a
/// summary with the probes and faults that never happened. The exit code of the gravest failure. A seed that did not
/// finish is not counted.
sim::ExitCode RunCampaign(const CampaignOptions& options);

}  // namespace orrery::faults
