#include "faults/recording.h"

#include <algorithm>
#include <tuple>

#include "faults/knobs.h"
#include "faults/signature.h"
#include "faults/simulation.h"

namespace orrery::faults {

void Recording::Begin(const RunPlan& plan) {
  capsule_ = Capsule();
  capsule_.build = ThisBuild();
  capsule_.scenario = plan.scenario;
  capsule_.choices = plan.choices;
  // Taken apart, so that a new field that is not recorded does not compile. Clients are counted by the workloads.
  const auto& [stores, spares, clients, clients_together, lying_fsync, slow_founder, slow_founder_factor, options] =
      plan.shape;
  static_cast<void>(clients);
  capsule_.cluster = {.stores = stores,
                      .spares = spares,
                      .clients_together = clients_together,
                      .lying_fsync = lying_fsync,
                      .slow_founder = slow_founder,
                      .slow_founder_factor = slow_founder_factor,
                      .knobs = NamedKnobs(options)};
  capsule_.safety = plan.safety;
  capsule_.liveness_limit = plan.liveness_limit;
  capsule_.events_max = plan.events_max;
  for (const WorkloadPlan& workload : plan.workloads) {
    capsule_.workloads.push_back(CapsuleWorkload{.name = workload.name, .options = workload.options});
  }
}

Capsule Recording::Finish(const SimulationReport& report) const {
  Capsule capsule = capsule_;
  for (CapsuleWorkload& workload : capsule.workloads) {
    std::sort(workload.operations.begin(), workload.operations.end(),
              [](const OperationEntry& a, const OperationEntry& b) {
                return std::tuple(a.client, a.operation.ordinal) < std::tuple(b.client, b.operation.ordinal);
              });
  }
  for (const StaleEntry& entry : report.stale) capsule.choices.latencies.erase(entry.id);
  capsule.expected = {.exit_code = report.exit_code,
                      .outcome = report.outcome,
                      .signature = Signature(report),
                      .fingerprint = report.events > 0 ? report.fingerprint.ToString() : ""};
  return capsule;
}

}  // namespace orrery::faults
