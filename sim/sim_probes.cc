#include "sim/sim_probes.h"

namespace orrery::sim {

std::map<std::string, uint64_t> ProbeCounts::All() const {
  std::map<std::string, uint64_t> all;
  for (const auto& [name, count] : counts_) all.emplace(name, count);  // Sorted by the map: order does not matter.
  return all;
}

uint64_t ProbeCounts::Count(std::string_view name) const {
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

bool SimProbes::Buggify(const char* site, double probability) {
  const auto [place, is_new] = sites_.try_emplace(site);
  Site& state = place->second;
  if (is_new) {
    state.active = choices_.BuggifyActive(site);
    state.hash = HashCombine(actor_hash_, Hash64(site));
  }
  if (!state.active) return false;
  ++state.visits;
  if (!Choices::Falls(choices_.Word(ChoiceStream::kBuggify, state.hash, state.visits), probability)) return false;
  bends_.Add(site);
  return true;
}

}  // namespace orrery::sim
