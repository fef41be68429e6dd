#include "faults/campaign/comparison.h"

#include <algorithm>

namespace orrery::faults {

std::string_view NoveltyName(Novelty novelty) {
  switch (novelty) {
    case Novelty::kNew: return "new";
    case Novelty::kKnown: return "known";
    case Novelty::kRegressed: return "regressed";
  }
  return "new";
}

void AddToNight(Night& night, const SeedResult& result) {
  night.seeds += result.finished() ? 1 : 0;
  if (!result.ok()) ++night.failures[result.signature];
}

Comparison Compare(const std::vector<Night>& earlier, const Night& now) {
  Comparison comparison;
  comparison.nights = earlier.size();
  const auto seen_ever = [&](const std::string& signature) {
    return std::any_of(earlier.begin(), earlier.end(),
                       [&](const Night& night) { return night.failures.contains(signature); });
  };
  for (const auto& [signature, count] : now.failures) {
    const bool last_night = !earlier.empty() && earlier.back().failures.contains(signature);
    comparison.now[signature] =
        last_night ? Novelty::kKnown : (seen_ever(signature) ? Novelty::kRegressed : Novelty::kNew);
  }
  if (earlier.empty()) return comparison;
  const Night& last = earlier.back();
  comparison.against = last.label;
  for (const auto& [signature, count] : last.failures) {
    if (now.failures.contains(signature)) continue;
    // Seeds without a result fail, and do not count.
    const double rate =
        last.seeds == 0 ? 0 : std::min(1.0, static_cast<double>(count) / static_cast<double>(last.seeds));
    comparison.gone.push_back({signature, rate * static_cast<double>(now.seeds)});
  }
  return comparison;
}

}  // namespace orrery::faults
