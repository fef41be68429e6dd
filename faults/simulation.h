#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faults/scenario.h"
#include "sim/choices.h"
#include "sim/exit_codes.h"
#include "sim/fingerprint.h"

namespace orrery::sim {
class EventSink;
class Trace;
}  // namespace orrery::sim

namespace orrery::faults {

struct Capsule;
struct SimulationReport;
class Recording;

/// Fills in what a run that is going on has counted so far. Empty while none is.
using Glance = std::function<void(SimulationReport&)>;

/// What one run is besides its scenario.
struct SimulationOptions {
  sim::ChoiceOptions choices;  ///< With the seed.
  sim::Trace* trace = nullptr;
  sim::EventSink* events = nullptr;
  std::optional<unsigned char> stack_fill;
  std::string history_folder;      ///< Histories of the workloads are written there, if not empty.
  std::string repro;               ///< The line that repeats the run; empty: the scenario and its seed.
  Recording* recording = nullptr;  ///< Gets every fault and operation; may be null. Outlives the run.
  Glance* glance = nullptr;        ///< For whoever survives a crash of the run; may be null. Outlives the run.
};

/// An entry of a capsule that did not happen.
struct StaleEntry {
  std::string id;
  std::string why;
};

/// What came of one workload.
struct WorkloadReport {
  std::string name;
  LawReport law;
  WorkloadStats stats;
};

/// What came of a run.
struct SimulationReport {
  std::string scenario;
  uint64_t seed = 0;
  sim::ExitCode exit_code = sim::ExitCode::kOk;
  std::string outcome;  ///< "ok", or the name of the broken law or of what else went wrong.
  /// A class within the outcome, for Signature(): the phase that made no progress, the code of an unexplained exit, the
  /// site of an assertion. Often empty.
  std::string symptom;
  std::string words;  ///< For people; empty if all is well.
  std::string repro;  ///< The line that repeats the run.
  sim::Fingerprint fingerprint;
  uint64_t events = 0;
  double virtual_seconds = 0;
  double cpu_seconds = 0;
  uint64_t stores = 0;
  uint64_t acknowledged = 0;
  uint64_t unknown = 0;
  uint64_t failed = 0;
  uint64_t elections = 0;
  uint64_t entries = 0;
  uint64_t restarts = 0;
  uint64_t replaced = 0;
  uint64_t snapshots_since_healing = 0;  ///< Of the store that was sent most.
  std::vector<WorkloadReport> workloads;
  std::map<std::string, uint64_t> faults;    ///< What really happened, by name.
  std::map<std::string, uint64_t> plans;     ///< What the plan began, by name of the kind.
  std::map<std::string, uint64_t> left_out;  ///< What the budget forbade.
  std::map<std::string, uint64_t> probes;
  std::vector<StaleEntry> stale;  ///< Replays: faults of the capsule that did not happen, latencies that were not used.

  /// One JSON object on one line.
  std::string ToJson() const;
  /// A few lines for people, the last one to paste when something is wrong.
  std::string ToText() const;
};

/// The line that repeats a run.
std::string ReproLine(const std::string& scenario, uint64_t seed);

/// Runs one scenario under one seed: a cluster is made, workloads run while the nemesis breaks things; then
/// everything is healed and must make progress; then the laws are judged. Deterministic: a function of scenario and
/// choices.
SimulationReport RunSimulation(const Scenario& scenario, const SimulationOptions& options);

/// Runs what a capsule lists, under options.choices (usually the capsule's own): no fault and no operation is drawn. A
/// run that was recorded and is replayed under its own choices by the same build has the same fingerprint.
/// Requires: capsule.Validate().
SimulationReport ReplayCapsule(const Capsule& capsule, const SimulationOptions& options);

}  // namespace orrery::faults
