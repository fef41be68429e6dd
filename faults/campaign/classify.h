#pragma once

#include <cstdint>
#include <string>

#include "faults/campaign/seed_result.h"
#include "faults/process/worker_pool.h"

namespace orrery::faults {

/// The last line of what a run printed, which is its report: what a node printed before is none.
std::string_view LastLine(std::string_view output);

/// What a worker that ran one seed with `--json` makes of it. A run with a report is what the report says. Without one:
/// "cpu-limit", "wall-limit", "out-of-memory" and "killed" (by somebody else: often a full machine) are kUndecided
/// (15), "harness-crashed" and "no-report" kHarness (14). None of these seeds has finished.
SeedResult Classify(const std::string& scenario, uint64_t seed, const WorkerResult& worker, const WorkerLimits& limits);

enum class Standing : uint8_t { kFirst, kSecond };

/// Puts the second run of a seed beside the first, and says whose result, and report, stands now.
/// - Same run, or both cut off by limits: a failure is confirmed; with `is_double_run` the seed counts as run twice.
/// - Both finished and differ: kNondeterminism (13), whatever the first said.
/// - One has a result that is a failure, the other was cut off; or one broke a law, the other crashed: the failure, or
/// the
///   law, stands, unconfirmed.
/// - The first passed, the second was cut off: the seed was not run twice, it is as the second (15 or 14).
/// - One was cut off or crashed and the other passed, or two crashes differ: kNotReproduced (16).
Standing Confirm(SeedResult& first, const SeedResult& second, bool is_double_run);

}  // namespace orrery::faults
