#include "faults/campaign/schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

/// What a seed is thought to cost before any of its scenario has ended.
constexpr double kFirstGuessSeconds = 1;

Result<ScenarioShare> ParseShare(std::string_view word) {
  const size_t colon = word.rfind(':');
  ScenarioShare share{.scenario = std::string(word.substr(0, colon))};
  if (share.scenario.empty()) return Status(StatusCode::kInvalidArgument, "a scenario without a name");
  if (colon == std::string_view::npos) return share;
  const std::string_view weight = word.substr(colon + 1);
  const auto [end, error] = std::from_chars(weight.data(), weight.data() + weight.size(), share.weight);
  if (error != std::errc() || end != weight.data() + weight.size() || !std::isfinite(share.weight) ||
      share.weight <= 0) {
    return Status(StatusCode::kInvalidArgument,
                  "the weight of " + share.scenario + " is \"" + std::string(weight) + "\", must be a number above 0");
  }
  return share;
}

}  // namespace

Result<std::vector<ScenarioShare>> ParseShares(std::string_view text) {
  std::vector<ScenarioShare> shares;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    ORRERY_ASSIGN_OR_RETURN(ScenarioShare share, ParseShare(text.substr(begin, end - begin)));
    const bool twice =
        std::any_of(shares.begin(), shares.end(), [&](const auto& other) { return other.scenario == share.scenario; });
    if (twice) return Status(StatusCode::kInvalidArgument, "scenario " + share.scenario + " is given twice");
    shares.push_back(std::move(share));
    begin = end + 1;
  }
  return shares;
}

Schedule::Schedule(const std::vector<ScenarioShare>& shares, uint64_t first_seed, uint64_t seeds_max)
    : first_seed_(first_seed), seeds_max_(seeds_max) {
  for (const ScenarioShare& share : shares) {
    ORRERY_ASSERT(share.weight > 0);
    lanes_.push_back({.scenario = share.scenario,
                      .weight = share.weight,
                      .next_seed = first_seed,
                      .seeds_left = seeds_max == 0 ? UINT64_MAX : seeds_max});
  }
}

Schedule::Lane* Schedule::Find(std::string_view scenario) {
  const auto found =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.scenario == scenario; });
  return found == lanes_.end() ? nullptr : &*found;
}

void Schedule::SkipDone(std::string_view scenario, uint64_t seed, double cpu_seconds) {
  Lane* const lane = Find(scenario);
  const bool ours = lane != nullptr && seed >= first_seed_ && (seeds_max_ == 0 || seed - first_seed_ < seeds_max_);
  if (!ours) return;
  ++lane->done;
  lane->spent_seconds += cpu_seconds;
  lane->skipped.insert(std::lower_bound(lane->skipped.begin(), lane->skipped.end(), seed), seed);
}

double Schedule::Position(const Lane& lane) {
  const double mean = lane.done == 0 ? kFirstGuessSeconds : lane.spent_seconds / static_cast<double>(lane.done);
  return (lane.spent_seconds + mean * static_cast<double>(lane.under_way)) / lane.weight;
}

void Schedule::SkipForward(Lane& lane) {
  while (lane.seeds_left > 0 && std::binary_search(lane.skipped.begin(), lane.skipped.end(), lane.next_seed)) {
    ++lane.next_seed;
    --lane.seeds_left;
  }
}

std::optional<Schedule::Next> Schedule::Take() {
  Lane* best = nullptr;
  for (Lane& lane : lanes_) {
    SkipForward(lane);
    if (lane.seeds_left == 0) continue;
    if (best == nullptr || Position(lane) < Position(*best)) best = &lane;
  }
  if (best == nullptr) return std::nullopt;
  ++best->under_way;
  --best->seeds_left;
  return Next{best->scenario, best->next_seed++};
}

void Schedule::Done(std::string_view scenario, double cpu_seconds) {
  Lane* const lane = Find(scenario);
  ORRERY_ASSERT(lane != nullptr);
  ORRERY_ASSERT(lane->under_way > 0);
  --lane->under_way;
  ++lane->done;
  lane->spent_seconds += cpu_seconds;
}

}  // namespace orrery::faults
