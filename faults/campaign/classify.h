#pragma once

#include <cstdint>
#include <string>

#include "faults/campaign/seed_result.h"
#include "faults/process/worker_pool.h"

namespace orrery::faults {

/// The last line of what a run printed, which is its report: what a node printed before is none.
std::string_view LastLine(std::string_view output);

/// What a worker that ran one seed with `--json` makes of it. A run with a report is what the report says. Without one:
/// "cpu-limit", "wall-limit", "out-of-memory", "killed" (by somebody else: often a full machine) and "no-report" are
/// kUndecided (15): the seed did not finish; any other end is kHarness (14).
SeedResult Classify(const std::string& scenario, uint64_t seed, const WorkerResult& worker, const WorkerLimits& limits);

/// Puts the second run of a seed beside the first.
/// - Same run, or both cut off by limits: a failure is confirmed; with `is_double_run` the seed counts as run twice.
/// - Both finished and differ: kNondeterminism (13), whatever the first said.
/// - One was cut off or crashed, the other showed something else: kNotReproduced (16) if the first had failed.
void Confirm(SeedResult& first, const SeedResult& second, bool is_double_run);

}  // namespace orrery::faults
