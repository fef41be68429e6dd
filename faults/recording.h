#pragma once

#include <string>
#include <vector>

#include "faults/capsule/capsule.h"
#include "faults/run_plan.h"

namespace orrery::faults {

struct SimulationReport;

/// Gathers a run into a capsule while it goes on, so that a run whose process crashes can be told as well.
class Recording {
 public:
  /// Before anything happens.
  void Begin(const RunPlan& plan);
  void Add(const FaultEntry& fault) { capsule_.faults.push_back(fault); }
  void Add(size_t workload, const OperationEntry& operation) {
    capsule_.workloads.at(workload).operations.push_back(operation);
  }

  /// The capsule so far, with what `report` found as what is to be expected.
  Capsule Finish(const SimulationReport& report) const;

 private:
  Capsule capsule_;
};

}  // namespace orrery::faults
