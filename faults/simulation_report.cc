#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "faults/signature.h"
#include "faults/simulation.h"

namespace orrery::faults {

std::string SimulationReport::ToJson() const {
  nlohmann::json json = {{"scenario", scenario},
                         {"seed", seed},
                         {"outcome", outcome},
                         {"exit_code", static_cast<int>(exit_code)},
                         {"signature", Signature(*this)},
                         {"words", words},
                         {"fingerprint", fingerprint.ToString()},
                         {"events", events},
                         {"virtual_seconds", virtual_seconds},
                         {"cpu_seconds", cpu_seconds},
                         {"stores", stores},
                         {"acknowledged", acknowledged},
                         {"unknown", unknown},
                         {"failed", failed},
                         {"elections", elections},
                         {"entries", entries},
                         {"restarts", restarts},
                         {"replaced", replaced},
                         {"snapshots_since_healing", snapshots_since_healing},
                         {"faults", faults},
                         {"plans", plans},
                         {"left_out", left_out},
                         {"probes", probes}};
  for (const WorkloadReport& workload : workloads) {
    json["workloads"].push_back({{"name", workload.name},
                                 {"law", workload.law.law},
                                 {"acknowledged", workload.stats.acknowledged},
                                 {"unknown", workload.stats.unknown},
                                 {"failed", workload.stats.failed}});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string SimulationReport::ToText() const {
  uint64_t fault_count = 0;
  for (const auto& [name, count] : plans) fault_count += count;
  std::string text = fmt::format(
      "{} seed {}: {}\n"
      "  {} stores, {:.1f} virtual s in {:.2f} CPU s, {} events, fingerprint {}\n"
      "  {} acknowledged, {} failed, {} unknown; {} faults of {} kinds, {} restarts, {} replaced, {} elections\n",
      scenario, seed, outcome, stores, virtual_seconds, cpu_seconds, events, fingerprint.ToString(), acknowledged,
      failed, unknown, fault_count, plans.size(), restarts, replaced, elections);
  if (!words.empty()) text += words + "\n";
  if (exit_code != sim::ExitCode::kOk) text += repro + "\n";
  return text;
}

}  // namespace orrery::faults
