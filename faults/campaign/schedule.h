#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace orrery::faults {

/// One scenario of a campaign and its share of the CPU time.
struct ScenarioShare {
  std::string scenario;
  double weight = 1;
};

/// "a,b:2,c:0.5": names with an optional weight. kInvalidArgument for a weight that is no number above 0, a name given
/// twice, an empty name.
Result<std::vector<ScenarioShare>> ParseShares(std::string_view text);

/// Which seed of which scenario comes next, so that each scenario gets CPU time by its weight: always the one with the
/// least (time spent + time its seeds under way will probably take) per weight; the first of equals.
class Schedule {
 public:
  struct Next {
    std::string scenario;
    uint64_t seed;
  };

  /// Seeds first, first + 1, ... `seeds_max` of each scenario, 0: without end.
  Schedule(const std::vector<ScenarioShare>& shares, uint64_t first_seed, uint64_t seeds_max);

  /// A seed that an earlier part of the same campaign has finished: never given out. Requires: nothing was given out.
  void SkipDone(std::string_view scenario, uint64_t seed, double cpu_seconds);
  /// Nothing if every seed was given out.
  std::optional<Next> Take();
  /// A seed given out has ended. Requires: given out.
  void Done(std::string_view scenario, double cpu_seconds);

 private:
  struct Lane {
    std::string scenario;
    double weight = 1;
    uint64_t next_seed = 0;
    uint64_t seeds_left = 0;
    uint64_t done = 0;
    uint64_t under_way = 0;
    double spent_seconds = 0;
    std::vector<uint64_t> skipped;  ///< Sorted before the first Take.
  };

  Lane* Find(std::string_view scenario);
  static double Position(const Lane& lane);
  void SkipForward(Lane& lane);

  std::vector<Lane> lanes_;
  uint64_t first_seed_;
  uint64_t seeds_max_;
};

}  // namespace orrery::faults
