#include "faults/replay_verdict.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "faults/capsule/cause_hint.h"
#include "faults/signature.h"

namespace orrery::faults {

ReplayVerdict JudgeReplay(const Capsule& capsule, const SimulationReport& report, bool own_choices,
                          const BuildId& this_build) {
  ReplayVerdict verdict{.expected = capsule.expected.signature, .shown = Signature(report)};
  verdict.reproduced = verdict.expected == verdict.shown;
  verdict.same_build = capsule.build == this_build && this_build.commit != "unknown";
  const bool comparable =
      verdict.same_build && own_choices && report.events > 0 && !capsule.expected.fingerprint.empty();
  verdict.other_fingerprint = comparable && report.fingerprint.ToString() != capsule.expected.fingerprint;
  return verdict;
}

std::string ReplayJson(const Capsule& capsule, const SimulationReport& report, const ReplayVerdict& verdict) {
  nlohmann::json json = nlohmann::json::parse(report.ToJson());
  json["expected_signature"] = verdict.expected;
  json["reproduced"] = verdict.reproduced;
  json["same_build"] = verdict.same_build;
  json["other_fingerprint"] = verdict.other_fingerprint;
  const std::vector<std::string> kinds = KindsIn(capsule);
  json["kinds"] = kinds;
  json["cause_hint"] = CauseHint(
      kinds, {.signature = verdict.shown, .snapshot_installed = report.probes.contains("raft.snapshot.installed")});
  json["stale"] = nlohmann::json::array();
  for (const StaleEntry& entry : report.stale) json["stale"].push_back({{"id", entry.id}, {"why", entry.why}});
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ReplayText(const SimulationReport& report, const ReplayVerdict& verdict) {
  std::string text;
  for (const StaleEntry& entry : report.stale) text += fmt::format("stale: {}: {}\n", entry.id, entry.why);
  if (verdict.other_fingerprint) {
    text +=
        "another fingerprint than the capsule's, on the same build: it was edited since, or this is nondeterminism\n";
  }
  text += report.ToText();
  text += verdict.reproduced ? fmt::format("reproduced: {}\n", verdict.shown)
                             : fmt::format("not reproduced: expected {}, got {}\n", verdict.expected, verdict.shown);
  return text;
}

}  // namespace orrery::faults
