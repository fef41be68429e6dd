#pragma once

#include <map>
#include <string>
#include <vector>

#include "faults/anchor_watch.h"
#include "faults/fault_executor.h"
#include "faults/nemesis.h"
#include "faults/simulation.h"

namespace orrery::faults {

/// Has the faults of a capsule executed, each at its time or anchor; draws nothing.
class FaultReplay {
 public:
  /// All outlive the replay, which outlives the world's run.
  FaultReplay(SimCluster& cluster, FaultExecutor& executor, std::vector<FaultEntry> faults);
  FaultReplay(const FaultReplay&) = delete;
  FaultReplay& operator=(const FaultReplay&) = delete;

  /// The safety phase begins now.
  void Start();
  /// After every event.
  void Look() { anchors_.Look(); }

  const FaultTally& tally() const { return tally_; }
  /// What did not fit the cluster at its moment, and what was never reached, in the order of the capsule.
  std::vector<StaleEntry> Stale() const;

 private:
  enum class State : uint8_t { kWaiting, kAnchored, kBegun, kRefused };
  struct Planned {
    FaultEntry fault;
    State state = State::kWaiting;
    std::string why;
  };

  void Begin(Planned& planned);

  sim::World& world_;
  FaultExecutor& executor_;
  AnchorWatch anchors_;
  std::vector<Planned> planned_;
  FaultTally tally_;
};

}  // namespace orrery::faults
