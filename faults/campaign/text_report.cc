#include <fmt/core.h>

#include <algorithm>

#include "faults/campaign/summary.h"

namespace orrery::faults {
namespace {

constexpr size_t kNamedMax = 24;

std::string ScenarioTable(const CampaignSummary& summary) {
  std::string text = fmt::format("{:16} {:>7} {:>8} {:>8} {:>9} {:>7} {:>14}\n", "scenario", "seeds", "failures",
                                 "no result", "run twice", "CPU s", "seeds/CPU-min");
  for (const auto& [name, totals] : summary.scenarios) {
    text += fmt::format("{:16} {:>7} {:>8} {:>8} {:>9} {:>7.0f} {:>14.1f}\n", name, totals.seeds, totals.failures,
                        totals.without_result, totals.run_twice, totals.spent_seconds, totals.SeedsPerCpuMinute());
  }
  return text;
}

std::string GroupLines(const CampaignSummary& summary) {
  std::string text;
  for (const FailureGroup& group : summary.groups) {
    const KnownFailure* const excuse = ExcuseOf(summary, group.signature);
    const std::string standing = excuse != nullptr
                                     ? "excused until " + DateText(excuse->expires)
                                     : std::string(NoveltyName(summary.comparison.now.at(group.signature)));
    text += fmt::format("{} x {} ({})\n", group.seeds.size(), group.signature, standing);
    for (const FailureKind& kind : group.kinds) {
      const SeedResult& cheapest = summary.results[kind.seeds.front()];
      if (!kind.kinds.empty()) text += fmt::format("  {} x {}\n", kind.seeds.size(), kind.kinds);
      text += fmt::format("  {}\n", CommandFor(summary, cheapest, kind.capsule));
    }
  }
  for (const Gone& gone : summary.comparison.gone) {
    text += fmt::format("gone: {} ({:.1f} were expected)\n", gone.signature, gone.expected);
  }
  return text;
}

std::string Names(const CampaignSummary& summary, const std::string& prefix, std::string_view title) {
  std::string names;
  size_t count = 0;
  for (const std::string& name : summary.never_seen) {
    if (!name.starts_with(prefix)) continue;
    names += " " + name.substr(prefix.size());
    ++count;
  }
  if (count == 0) return {};
  return fmt::format("{}: {}{}\n", title, count, count <= kNamedMax ? " -" + names : " (the report names them)");
}

}  // namespace

std::string ToText(const CampaignSummary& summary) {
  uint64_t caught = 0;
  for (const CanaryRun& canary : summary.canaries) caught += canary.caught ? 1 : 0;
  std::string text = ScenarioTable(summary);
  text += fmt::format("{} seeds in {:.1f} s with {} jobs: {:.2f} seeds/s{}{}\n", summary.seeds_of_this_part,
                      summary.wall_seconds, summary.jobs,
                      static_cast<double>(summary.seeds_of_this_part) / std::max(summary.wall_seconds, 1e-9),
                      summary.stopped.empty() ? "" : "; ", summary.stopped);
  text += GroupLines(summary);
  text += Names(summary, "probe ", "probes never hit");
  text += Names(summary, "plan ", "faults never begun");
  text += Names(summary, "fault ", "faults that never happened");
  if (!summary.canaries.empty()) {
    text += fmt::format("canaries: {} of {} caught\n", caught, summary.canaries.size());
  }
  for (const std::string& reason : summary.blindness) text += "RED: " + reason + "\n";
  text += fmt::format("verdict: {} ({})\n", sim::ExitCodeName(summary.verdict), static_cast<int>(summary.verdict));
  return text;
}

}  // namespace orrery::faults
