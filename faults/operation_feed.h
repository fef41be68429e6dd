#pragma once

#include <optional>
#include <span>

#include "faults/capsule/capsule.h"
#include "faults/scenario.h"
#include "runtime/base/random.h"
#include "workloads/workload.h"

namespace orrery::faults {

/// What one client of a workload does next, drawn from the seed or read from a capsule.
class OperationFeed {
 public:
  virtual ~OperationFeed() = default;

  /// The next operation and when it may begin; nullopt: there is none any more. `now` is on the client's clock since it
  /// began to work.
  virtual std::optional<OperationEntry> Next(Duration now) = 0;
};

/// Draws operations by (client, ordinal), with pauses between them, as long as they begin within the safety phase.
class DrawnFeed final : public OperationFeed {
 public:
  /// `workload` outlives the feed.
  DrawnFeed(const Workload& workload, const WorkloadPlan& plan, uint32_t client, Random random, Duration safety)
      : workload_(workload), pause_(plan.pause), client_(client), random_(random), safety_(safety) {}

  std::optional<OperationEntry> Next(Duration now) override;

 private:
  const Workload& workload_;
  SpanRange pause_;
  uint32_t client_;
  Random random_;
  Duration safety_;
  uint64_t ordinal_ = 0;
};

/// Hands out the operations that a capsule lists for a client, in their order.
class ListedFeed final : public OperationFeed {
 public:
  /// `workload` outlives the feed.
  ListedFeed(const CapsuleWorkload& workload, uint32_t client);

  std::optional<OperationEntry> Next(Duration now) override;

 private:
  std::span<const OperationEntry> left_;
};

}  // namespace orrery::faults
