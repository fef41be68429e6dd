#include <fmt/core.h>

#include <algorithm>

#include "faults/campaign/escape.h"
#include "faults/campaign/summary.h"

namespace orrery::faults {
namespace {

constexpr std::string_view kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; } th, td { padding: .2em .8em .2em 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; } pre { background: #f5f5f5; padding: .6em; overflow-x: auto; margin: .3em 0; }
.ok { color: #176f2c; } .bad { color: #b00020; } .note { color: #777; }
.tag { border: 1px solid #bbb; border-radius: .6em; padding: 0 .5em; font-size: .85em; }
section.failure { border-left: 4px solid #b00020; padding-left: 1em; margin: 1.2em 0; }
section.excused { border-color: #c9a400; }
)";

std::string Row(const std::vector<std::string>& cells, std::string_view tag) {
  std::string row = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i) {
    row += fmt::format("<{}{}>{}</{}>", tag, i == 0 ? "" : " class=\"n\"", Escape(cells[i]), tag);
  }
  return row + "</tr>\n";
}

std::string ScenarioTable(const CampaignSummary& summary) {
  std::string text =
      "<h2>Scenarios</h2>\n<table>\n" + Row({"scenario", "seeds", "failures", "no result", "run twice", "differences",
                                             "CPU s", "virtual s", "seeds per CPU-minute"},
                                            "th");
  for (const auto& [name, totals] : summary.scenarios) {
    text += Row({name, std::to_string(totals.seeds), std::to_string(totals.failures),
                 std::to_string(totals.without_result), std::to_string(totals.run_twice),
                 std::to_string(totals.differences), fmt::format("{:.0f}", totals.spent_seconds),
                 fmt::format("{:.0f}", totals.virtual_seconds), fmt::format("{:.1f}", totals.SeedsPerCpuMinute())},
                "td");
  }
  return text + "</table>\n";
}

std::string KindPart(const CampaignSummary& summary, const FailureKind& kind) {
  const SeedResult& cheapest = summary.results[kind.seeds.front()];
  std::string text;
  if (!kind.kinds.empty()) {
    text += fmt::format("<p>{} &times; what is left after shrinking: <b>{}</b></p>\n", kind.seeds.size(),
                        Escape(kind.kinds));
  }
  text += "<pre>" + Escape(CommandFor(summary, cheapest, kind.capsule)) + "</pre>\n";
  if (!kind.story.empty()) {
    text += "<pre>" + Escape(kind.story) + "</pre>\n";
  } else if (!cheapest.words.empty()) {
    text += "<pre>" + Escape(cheapest.words) + "</pre>\n";
  }
  constexpr size_t kListedMax = 50;
  text += "<details><summary>seeds</summary><p>";
  for (size_t i = 0; i < std::min(kind.seeds.size(), kListedMax); ++i) {
    const SeedResult& result = summary.results[kind.seeds[i]];
    text +=
        fmt::format("{}{} {} ({:.2f} s)", i == 0 ? "" : ", ", Escape(result.scenario), result.seed, result.cpu_seconds);
  }
  if (kind.seeds.size() > kListedMax) text += fmt::format(" and {} more", kind.seeds.size() - kListedMax);
  return text + "</p></details>\n";
}

std::string GroupPart(const CampaignSummary& summary, const FailureGroup& group) {
  const KnownFailure* const excuse = ExcuseOf(summary, group.signature);
  const size_t seeds = std::max<size_t>(summary.results.size(), 1);  // Those that were cut off, too: they fail as well.
  uint64_t confirmed = 0;
  for (const size_t index : group.seeds) confirmed += summary.results[index].confirmed ? 1 : 0;
  std::string text = fmt::format(
      "<section class=\"failure{}\"><h3>{} <span class=\"tag\">{}</span></h3>\n"
      "<p>exit code {}; {} of {} seeds ({:.3f} %), {} confirmed by a replay</p>\n",
      excuse == nullptr ? "" : " excused", Escape(group.signature),
      NoveltyName(summary.comparison.now.at(group.signature)), group.exit_code, group.seeds.size(), seeds,
      100.0 * static_cast<double>(group.seeds.size()) / static_cast<double>(seeds), confirmed);
  if (excuse != nullptr) {
    text += fmt::format("<p>Excused until {}: {}</p>\n", DateText(excuse->expires), Escape(excuse->reason));
  }
  for (const FailureKind& kind : group.kinds) text += KindPart(summary, kind);
  return text + "</section>\n";
}

std::string Failures(const CampaignSummary& summary) {
  std::string text = fmt::format("<h2>Failures ({} kinds)</h2>\n", summary.groups.size());
  if (summary.groups.empty()) text += "<p class=\"ok\">None.</p>\n";
  for (const FailureGroup& group : summary.groups) text += GroupPart(summary, group);
  return text;
}

std::string ComparisonPart(const CampaignSummary& summary) {
  const Comparison& comparison = summary.comparison;
  std::string text = "<h2>Compared with earlier nights</h2>\n";
  if (comparison.nights == 0) return text + "<p class=\"note\">There is none to compare with.</p>\n";
  std::map<Novelty, uint64_t> counts;
  for (const auto& [signature, novelty] : comparison.now) ++counts[novelty];
  text += fmt::format("<p>{} earlier nights, the last {}: {} new, {} known, {} regressed, {} gone.</p>\n",
                      comparison.nights, Escape(comparison.against), counts[Novelty::kNew], counts[Novelty::kKnown],
                      counts[Novelty::kRegressed], comparison.gone.size());
  for (const Gone& gone : comparison.gone) {
    text += fmt::format(
        "<p>gone: {} <span class=\"note\">({:.1f} seeds should have shown it at the last rate)</span></p>\n",
        Escape(gone.signature), gone.expected);
  }
  return text;
}

std::string PipelinePart(const CampaignSummary& summary) {
  std::string text = "<h2>The pipeline itself</h2>\n";
  uint64_t caught = 0;
  for (const CanaryRun& canary : summary.canaries) caught += canary.caught ? 1 : 0;
  text += fmt::format("<p>{} of {} canary seeds caught. The ledger holds {} nights.</p>\n", caught,
                      summary.canaries.size(), summary.ledger_nights);
  for (const std::string& reason : summary.blindness) text += "<p class=\"bad\">" + Escape(reason) + "</p>\n";
  if (summary.blindness.empty()) text += "<p class=\"ok\">Nothing is missing.</p>\n";
  return text;
}

std::string NeverPart(const CampaignSummary& summary, const std::string& prefix, std::string_view title) {
  std::string names;
  size_t count = 0;
  for (const std::string& name : summary.never_seen) {
    if (!name.starts_with(prefix)) continue;
    names += (count == 0 ? "" : ", ") + Escape(name.substr(prefix.size()));
    ++count;
  }
  return fmt::format("<h3>{}: {}</h3>\n<p>{}</p>\n", title, count, names);
}

std::string Head(const CampaignSummary& summary) {
  const bool good = summary.verdict == sim::ExitCode::kOk;
  return fmt::format(
      "<h1>Campaign {}: <span class=\"{}\">{}</span></h1>\n"
      "<p>{} seeds of {}; {} jobs, {:.0f} s in this part, {:.2f} seeds/s{}{}.</p>\n",
      Escape(summary.label), good ? "ok" : "bad", sim::ExitCodeName(summary.verdict), summary.night.seeds,
      Escape(summary.mix), summary.jobs, summary.wall_seconds,
      static_cast<double>(summary.seeds_of_this_part) / std::max(summary.wall_seconds, 1e-9),
      summary.stopped.empty() ? "" : "; ", Escape(summary.stopped));
}

}  // namespace

std::string ToHtml(const CampaignSummary& summary) {
  return fmt::format(
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Campaign {}</title>\n"
             "<style>{}</style></head><body>\n",
             Escape(summary.label), kStyle) +
         Head(summary) + Failures(summary) + ComparisonPart(summary) + PipelinePart(summary) + ScenarioTable(summary) +
         "<h2>Never seen</h2>\n" + NeverPart(summary, "probe ", "probes never hit") +
         NeverPart(summary, "plan ", "faults never begun") +
         NeverPart(summary, "fault ", "faults that never happened") + "</body></html>\n";
}

}  // namespace orrery::faults
