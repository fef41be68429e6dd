#include "faults/run_plan.h"

#include <iterator>

#include "faults/knobs.h"
#include "faults/simulation.h"

namespace orrery::faults {
namespace {

/// How often the clients of a workload share one process.
constexpr double kTogetherShare = 0.2;

/// Faults begin when the cluster is founded; before, a disk may be slow, so that some founders elect a leader while
/// another still writes that it is one.
void DrawFounding(Random random, ClusterShape& shape) {
  constexpr uint32_t kFactors[] = {300, 1000, 3000};
  if (!random.Chance(0.3)) return;
  shape.slow_founder = StoreId(1 + random.Below(shape.stores));
  shape.slow_founder_factor = kFactors[random.Below(std::size(kFactors))];
}

}  // namespace

RunPlan DrawPlan(const Scenario& scenario, const sim::ChoiceOptions& choices) {
  const Random random = Random(choices.seed).Split("simulation");
  Random draw = random.Split("shape");
  RunPlan plan{.scenario = scenario.name,
               .repro = ReproLine(scenario.name, choices.seed),
               .choices = choices,
               .safety = scenario.safety,
               .liveness_limit = scenario.liveness_limit,
               .events_max = scenario.events_max,
               .workloads = scenario.workloads,
               .faults = scenario.faults};
  // Of its own for each scenario, so that one seed of seven scenarios is seven clusters, not one seven times.
  const uint64_t own = Hash64(scenario.name);
  auto& buggify_salt = plan.choices.salts[static_cast<size_t>(sim::ChoiceStream::kBuggify)];
  buggify_salt = HashCombine(buggify_salt, own);
  plan.shape.stores = static_cast<uint32_t>(draw.Between(scenario.stores_low, scenario.stores_high));
  plan.shape.spares = scenario.spare_stores;
  plan.shape.clients_together =
      scenario.random_knobs && random.Split(own).Split("clients together").Chance(kTogetherShare);
  plan.shape.lying_fsync = scenario.lying_fsync;
  for (const WorkloadPlan& workload : scenario.workloads) plan.shape.clients += workload.options.clients;
  plan.shape.options = DrawStoreOptions(random.Split(own), scenario.random_knobs);
  if (scenario.random_knobs) DrawFounding(random.Split(own).Split("founding"), plan.shape);
  return plan;
}

RunPlan PlanOf(const Capsule& capsule, const sim::ChoiceOptions& choices, std::string repro) {
  RunPlan plan{.scenario = capsule.scenario,
               .repro = std::move(repro),
               .choices = choices,
               .safety = capsule.safety,
               .liveness_limit = capsule.liveness_limit,
               .events_max = capsule.events_max,
               .capsule = &capsule};
  for (const CapsuleWorkload& workload : capsule.workloads) {
    plan.workloads.push_back(WorkloadPlan{.name = workload.name, .options = workload.options});
  }
  plan.shape.stores = capsule.cluster.stores;
  plan.shape.spares = capsule.cluster.spares;
  plan.shape.clients = capsule.client_count();
  plan.shape.clients_together = capsule.cluster.clients_together;
  plan.shape.lying_fsync = capsule.cluster.lying_fsync;
  plan.shape.slow_founder = capsule.cluster.slow_founder;
  plan.shape.slow_founder_factor = capsule.cluster.slow_founder_factor;
  Result<StoreOptions> options = OptionsOfKnobs(capsule.cluster.knobs);
  ORRERY_ASSERT_THAT(options.ok(), options.status().ToString());  // The capsule was validated.
  plan.shape.options = *std::move(options);
  return plan;
}

}  // namespace orrery::faults
