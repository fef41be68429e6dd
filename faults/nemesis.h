#pragma once

#include <map>
#include <string>
#include <vector>

#include "faults/fault_executor.h"
#include "faults/fault_resolver.h"
#include "faults/scenario.h"

namespace orrery::faults {

/// What became of the faults of a run.
struct FaultTally {
  std::map<std::string, uint64_t> begun;     ///< By name of the kind.
  std::map<std::string, uint64_t> left_out;  ///< Nobody could be hit, or the budget forbade it.
};

/// Breaks a cluster according to a plan: when, whom and how is a function of (seed, kind of fault, how many of that
/// kind there were), so that a change to one kind shifts no other. Resolves each fault, tells of it, has it executed.
class Nemesis {
 public:
  /// All outlive the nemesis, which outlives the world's run.
  Nemesis(SimCluster& cluster, FaultExecutor& executor, std::vector<FaultPlan> plans, Random random);
  Nemesis(const Nemesis&) = delete;
  Nemesis& operator=(const Nemesis&) = delete;

  /// The safety phase begins now.
  void Start();
  /// After every event of the safety phase: faults that wait for a moment begin when it has come.
  void Look();
  /// No fault begins any more.
  void Stop() { stopped_ = true; }

  const FaultTally& tally() const { return tally_; }

 private:
  /// A fault whose time has come and that waits for its moment.
  struct Waiting {
    size_t plan_index;
    uint64_t ordinal;
    uint64_t seen;  ///< Moments before.
  };

  std::string IdOf(size_t plan_index, uint64_t ordinal) const;
  void ScheduleNext(size_t plan_index, uint64_t ordinal);
  void Begin(size_t plan_index, uint64_t ordinal, StoreId there);
  void BeginBehindMoment(const Waiting& waiting);

  sim::World& world_;
  FaultExecutor& executor_;
  FaultResolver resolver_;
  std::vector<FaultPlan> plans_;
  Random random_;
  Duration started_{};
  std::vector<Waiting> waiting_;
  bool stopped_ = false;
  FaultTally tally_;
};

}  // namespace orrery::faults
