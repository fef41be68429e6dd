#pragma once

#include "workloads/recording_workload.h"

namespace orrery {

/// Counters: clients add one by compare-and-swap. Every value of a counter is reached by exactly one
/// increment: no two acknowledged increments claim the same step, and every value read lies between the
/// acknowledged increments and those plus the unknown ones. A write that took effect twice breaks it, and
/// so does a lost one. Recorded as r and as inc with the value reached; judged by check::CheckCounterLaw.
class CounterWorkload final : public RecordingWorkload {
 public:
  static constexpr std::string_view kName = "counter";
  static constexpr std::string_view kLaw =
      "each step of a counter is claimed by one increment; none is lost and none counts twice";

  using RecordingWorkload::RecordingWorkload;

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  Operation Draw(uint32_t client, Random random) const override;
  void Run(WorkloadClient& client, const Operation& operation) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;

 private:
  /// What is stored under the counter.
  Result<std::optional<Bytes>> Read(WorkloadClient& client, uint64_t key, Deadline deadline);
  void Increment(WorkloadClient& client, uint64_t key, const std::optional<Bytes>& current, uint64_t next,
                 Deadline deadline);
};

}  // namespace orrery
