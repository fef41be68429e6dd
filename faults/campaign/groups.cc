#include "faults/campaign/groups.h"

#include <algorithm>
#include <tuple>

namespace orrery::faults {
namespace {

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Splits a group by what its minimal runs hint at; what has none stands last.
void SplitByHint(FailureGroup& group, const std::vector<SeedResult>& results,
                 const std::map<std::pair<std::string, uint64_t>, const MinimalRun*>& minimal) {
  std::map<std::string, FailureKind> by_hint;
  FailureKind rest;
  for (const size_t index : group.seeds) {
    const auto found = minimal.find({results[index].scenario, results[index].seed});
    if (found == minimal.end()) {
      rest.seeds.push_back(index);
      continue;
    }
    FailureKind& kind = by_hint[found->second->hint];
    if (kind.seeds.empty()) {
      kind.kinds = Join(found->second->kinds);
      kind.story = found->second->story;
      kind.capsule = found->second->capsule;
    }
    kind.seeds.push_back(index);
  }
  for (auto& [name, kind] : by_hint) group.kinds.push_back(std::move(kind));
  if (!rest.seeds.empty()) group.kinds.push_back(std::move(rest));
}

}  // namespace

std::vector<FailureGroup> GroupFailures(const std::vector<SeedResult>& results,
                                        const std::vector<MinimalRun>& minimal_runs) {
  std::map<std::pair<std::string, uint64_t>, const MinimalRun*> minimal;
  for (const MinimalRun& run : minimal_runs) minimal[{run.scenario, run.seed}] = &run;
  std::map<std::string, FailureGroup> by_signature;
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i].ok()) continue;
    FailureGroup& group = by_signature[results[i].signature];
    group.seeds.push_back(i);
  }
  std::vector<FailureGroup> groups;
  for (auto& [signature, group] : by_signature) {
    std::sort(group.seeds.begin(), group.seeds.end(), [&](size_t a, size_t b) {
      return std::tie(results[a].cpu_seconds, results[a].scenario, results[a].seed) <
             std::tie(results[b].cpu_seconds, results[b].scenario, results[b].seed);
    });
    group.signature = signature;
    group.exit_code = results[group.seeds.front()].exit_code;
    group.outcome = results[group.seeds.front()].outcome;
    SplitByHint(group, results, minimal);
    groups.push_back(std::move(group));
  }
  std::stable_sort(groups.begin(), groups.end(), [](const FailureGroup& a, const FailureGroup& b) {
    return std::tuple(a.exit_code, b.seeds.size()) < std::tuple(b.exit_code, a.seeds.size());
  });
  return groups;
}

}  // namespace orrery::faults
