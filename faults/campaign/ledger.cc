#include "faults/campaign/ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "faults/fault_kind.h"
#include "sim/disk/disk_fault.h"
#include "sim/faults.h"
#include "sim/sim_probes.h"

namespace orrery::faults {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

void AddCounts(ScenarioSightings& scenario, std::string_view prefix, const std::map<std::string, uint64_t>& counts) {
  for (const auto& [name, count] : counts) {
    if (count == 0) continue;
    Sightings& sightings = scenario.seen[std::string(prefix) + name];
    sightings.hits += count;
    ++sightings.seeds;
  }
}

bool SeenIn(const SightingsByScenario& night, const std::string& name) {
  for (const auto& [scenario, sightings] : night) {
    if (sightings.seen.contains(name)) return true;
  }
  return false;
}

/// A number of seeds or hits. Throws json::exception for anything else.
uint64_t CountIn(const json& value) {
  if (!value.is_number_unsigned()) throw json::type_error::create(302, "must be a number, 0 or above", &value);
  return value.get<uint64_t>();
}

ScenarioSightings ScenarioFromJson(const json& object) {
  ScenarioSightings scenario{.seeds = CountIn(object.at("seeds")), .seen = {}};
  for (const auto& [what, counts] : object.at("seen").items()) {
    const Sightings sightings{.hits = CountIn(counts.at(0)), .seeds = CountIn(counts.at(1))};
    if (sightings.seeds > scenario.seeds || sightings.hits < sightings.seeds) {
      throw json::out_of_range::create(401, what + " was seen in more seeds, or less often, than can be", &counts);
    }
    scenario.seen[what] = sightings;
  }
  return scenario;
}

/// Throws json::exception.
Ledger FromJson(const json& root) {
  Ledger ledger;
  for (const auto& [name, scenario] : root.at("scenarios").items()) {
    ledger.scenarios[name] = ScenarioFromJson(scenario);
  }
  for (const json& night : root.at("nights")) {
    Night& mine = ledger.nights.emplace_back(
        Night{.label = night.at("label").get<std::string>(), .seeds = CountIn(night.at("seeds")), .failures = {}});
    for (const auto& [signature, count] : night.at("failures").items()) mine.failures[signature] = CountIn(count);
  }
  return ledger;
}

}  // namespace

void AddSightings(SightingsByScenario& sightings, const SeedResult& result) {
  if (!result.finished()) return;
  ScenarioSightings& scenario = sightings[result.scenario];
  ++scenario.seeds;
  AddCounts(scenario, "probe ", result.probes);
  AddCounts(scenario, "fault ", result.faults);
  AddCounts(scenario, "plan ", result.plans);
}

std::vector<Silence> Ledger::Silent(const SightingsByScenario& night, const std::set<std::string>& existing) const {
  std::map<std::string, double> expected;
  for (const auto& [name, now] : night) {
    const auto earlier = scenarios.find(name);
    if (earlier == scenarios.end() || earlier->second.seeds == 0) continue;
    for (const auto& [what, sightings] : earlier->second.seen) {
      const double rate = static_cast<double>(sightings.seeds) / static_cast<double>(earlier->second.seeds);
      expected[what] += rate * static_cast<double>(now.seeds);
    }
  }
  std::vector<Silence> silent;
  for (const auto& [what, times] : expected) {
    if (times >= kExpectedMin && existing.contains(what) && !SeenIn(night, what)) silent.push_back({what, times});
  }
  return silent;
}

void Ledger::Add(const SightingsByScenario& night, const Night& failures, const std::set<std::string>& existing) {
  for (const auto& [name, theirs] : night) {
    ScenarioSightings& mine = scenarios[name];
    mine.seeds += theirs.seeds;
    for (const auto& [what, sightings] : theirs.seen) {
      mine.seen[what].hits += sightings.hits;
      mine.seen[what].seeds += sightings.seeds;
    }
  }
  for (auto& [name, scenario] : scenarios) {
    std::erase_if(scenario.seen, [&](const auto& entry) { return !existing.contains(entry.first); });
  }
  const auto same =
      std::find_if(nights.begin(), nights.end(), [&](const Night& one) { return one.label == failures.label; });
  if (same == nights.end()) {
    nights.push_back(failures);
  } else {
    same->seeds += failures.seeds;
    for (const auto& [signature, count] : failures.failures) same->failures[signature] += count;
  }
  if (nights.size() > kNightsMax) nights.erase(nights.begin());
}

std::string Ledger::ToJson() const {
  json root = {{"version", kVersion}, {"scenarios", json::object()}, {"nights", json::array()}};
  for (const auto& [name, scenario] : scenarios) {
    json seen = json::object();
    for (const auto& [what, sightings] : scenario.seen) seen[what] = {sightings.hits, sightings.seeds};
    root["scenarios"][name] = {{"seeds", scenario.seeds}, {"seen", std::move(seen)}};
  }
  for (const Night& night : nights) {
    root["nights"].push_back({{"label", night.label}, {"seeds", night.seeds}, {"failures", night.failures}});
  }
  return root.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Ledger> ParseLedger(std::string_view text, const std::string& file) {
  const json root = json::parse(text, nullptr, false);
  if (!root.is_object()) return Status(StatusCode::kCorruption, file + ": is cut or no JSON object");
  if (root.value("version", json(0)) != kVersion) {
    return Status(StatusCode::kCorruption, file + ": is of another version than " + std::to_string(kVersion));
  }
  try {
    return FromJson(root);
  } catch (const json::exception& error) {
    return Status(StatusCode::kCorruption, file + ": " + error.what());
  }
}

std::set<std::string> ExistingNames() {
  std::set<std::string> names;
  for (const std::string_view probe : sim::AllProbeNames()) names.insert("probe " + std::string(probe));
  for (const FaultInfo& info : AllFaults()) names.insert("plan " + std::string(info.name));
  for (int i = 0; i < sim::kWorldFaultCount; ++i) {
    names.insert("fault " + std::string(sim::WorldFaultName(static_cast<sim::WorldFault>(i))));
  }
  for (int i = 0; i < sim::kDiskFaultCount; ++i) {
    names.insert("fault disk_" + std::string(sim::DiskFaultName(static_cast<sim::DiskFault>(i))));
  }
  return names;
}

}  // namespace orrery::faults
