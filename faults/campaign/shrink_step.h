#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "faults/campaign/groups.h"
#include "faults/process/worker_pool.h"
#include "runtime/base/status.h"

namespace orrery::faults {

/// What a campaign gives to shrinking.
struct ShrinkStepOptions {
  std::string program;  ///< An orrery-sim.
  std::string scenario_folder;
  std::string out;  ///< Folder for the shrunk capsules.
  double minutes = 0;
  uint32_t jobs = 1;
};

/// Which failures to shrink, in order: the cheapest of each group, gravest group first, then the second cheapest of
/// each. Only what a replay confirmed and a replay can show: 10, 11 and 12. Indices of results.
std::vector<size_t> ChooseForShrinking(const std::vector<SeedResult>& results, const std::vector<FailureGroup>& groups);

/// Shrinks them one after the other, each within an equal part of the time that is left. `say` gets a line about each;
/// `stop` is asked often. What could not be shrunk is said and left out.
std::vector<MinimalRun> ShrinkFailures(const ShrinkStepOptions& options, const std::vector<SeedResult>& results,
                                       const std::vector<size_t>& chosen,
                                       const std::function<void(const std::string&)>& say,
                                       const std::function<bool()>& stop);

}  // namespace orrery::faults
