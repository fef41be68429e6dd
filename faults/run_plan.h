#pragma once

#include <string>
#include <vector>

#include "faults/capsule/capsule.h"
#include "faults/scenario.h"
#include "faults/sim_cluster.h"
#include "sim/choices.h"

namespace orrery::faults {

/// One run, whether drawn from a scenario or read from a capsule: what the simulation needs to know before it begins.
struct RunPlan {
  std::string scenario;
  std::string repro;  ///< The line that repeats it.
  sim::ChoiceOptions choices;
  ClusterShape shape;
  Duration safety{};
  Duration liveness_limit{};
  uint64_t events_max = 0;
  std::vector<WorkloadPlan> workloads;
  /// Drawn anew while it runs; empty for a capsule.
  std::vector<FaultPlan> faults;
  /// Where faults and operations are read instead of drawn; null: none. Outlives the run.
  const Capsule* capsule = nullptr;
};

/// What the seed makes of a scenario.
RunPlan DrawPlan(const Scenario& scenario, const sim::ChoiceOptions& choices);
/// What a capsule says, but for its choices, which `choices` replace. Requires: capsule.Validate().
RunPlan PlanOf(const Capsule& capsule, const sim::ChoiceOptions& choices, std::string repro);

}  // namespace orrery::faults
