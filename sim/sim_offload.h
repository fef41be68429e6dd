#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>

#include "runtime/base/time.h"
#include "runtime/offload.h"
#include "sim/fingerprint.h"

namespace orrery::sim {

class NodeBoot;
class SimNode;
class WorldCore;

/// Offload of one boot. Each lane is a queue; the job at its head has a seeded instant at which it takes
/// effect (it runs, whole, on the main stack), then keeps the lane busy for as long as its disk operations
/// took, then the loop is told. So a crash may fall before the effect, between effect and report, or, by a
/// disk that freezes at its k-th operation, inside. A stuck disk and a paused process park the lane.
class SimOffload final : public Offload {
 public:
  SimOffload(WorldCore& core, SimNode& node, const Actor& boot_actor);
  ~SimOffload() override;

  void Run(Lane lane, FunctionRef<void()> job) override;

  /// Drops everything that has not taken effect.
  void Fence();
  /// Lets parked lanes go on.
  void Unpark();
  void DelayNextJob(Lane lane, Duration span);
  /// Nothing queued or under way.
  bool Idle() const;

 private:
  struct Job;
  class LaneQueue;

  void Withdraw(const std::shared_ptr<Job>& job);

  WorldCore& core_;
  SimNode& node_;
  bool fenced_ = false;
  std::array<std::unique_ptr<LaneQueue>, kLaneCount> lanes_;
};

std::string_view LaneName(Lane lane);

}  // namespace orrery::sim
