#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "faults/campaign/seed_result.h"

namespace orrery::faults {

/// What one night showed: enough to compare nights.
struct Night {
  std::string label;  ///< Date and commit, for people.
  uint64_t seeds = 0;
  std::map<std::string, uint64_t> failures;  ///< How often each signature was seen.
};

/// Where a failure stands against earlier nights.
enum class Novelty : uint8_t {
  kNew,        ///< In no earlier night.
  kKnown,      ///< In the last one.
  kRegressed,  ///< In an earlier one, not in the last.
};
std::string_view NoveltyName(Novelty novelty);

/// In the last night, not in this one.
struct Gone {
  std::string signature;
  double expected = 0;  ///< How often it should have been seen in as many seeds, at the last night's rate.
};

struct Comparison {
  std::string against;                 ///< Label of the last night; empty: there was none.
  std::map<std::string, Novelty> now;  ///< Every signature of this night.
  std::vector<Gone> gone;              ///< By name.
  uint64_t nights = 0;                 ///< How many earlier ones were looked at.
};

void AddToNight(Night& night, const SeedResult& result);
/// `earlier`: the oldest first.
Comparison Compare(const std::vector<Night>& earlier, const Night& now);

}  // namespace orrery::faults
