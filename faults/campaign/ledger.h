#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "faults/campaign/comparison.h"
#include "faults/campaign/seed_result.h"
#include "runtime/base/status.h"

namespace orrery::faults {

/// How often something was seen in the seeds of one scenario.
struct Sightings {
  uint64_t hits = 0;
  uint64_t seeds = 0;  ///< In how many of them at least once.
};

/// What the seeds of one scenario have seen: by "probe NAME", "fault NAME" (what happened), "plan NAME" (what the plan
/// began).
struct ScenarioSightings {
  uint64_t seeds = 0;
  std::map<std::string, Sightings> seen;
};
using SightingsByScenario = std::map<std::string, ScenarioSightings>;

void AddSightings(SightingsByScenario& sightings, const SeedResult& result);

/// Something that was seen before and should have been seen again.
struct Silence {
  std::string name;
  double expected = 0;  ///< Seeds in which it should have been seen, at the earlier rates.
};

/// What all nights together have seen, so that one notices when something is not seen any more: a fault that no
/// longer bites, a rare path that no workload reaches.
struct Ledger {
  static constexpr double kExpectedMin = 5;
  static constexpr size_t kNightsMax = 400;

  SightingsByScenario scenarios;
  std::vector<Night> nights;  ///< The oldest first.

  /// Names that were expected at least kExpectedMin times in as many seeds of the same scenarios as `night` had, and
  /// not seen once. Names outside of `existing` have left the sources and are no silence.
  std::vector<Silence> Silent(const SightingsByScenario& night, const std::set<std::string>& existing) const;
  /// Adds a night, or to the night of the same label. Names outside of `existing` are forgotten.
  void Add(const SightingsByScenario& night, const Night& failures, const std::set<std::string>& existing);

  std::string ToJson() const;
};

/// kCorruption "FILE: what is wrong".
Result<Ledger> ParseLedger(std::string_view text, const std::string& file);

/// Every name that this build can see.
std::set<std::string> ExistingNames();

}  // namespace orrery::faults
