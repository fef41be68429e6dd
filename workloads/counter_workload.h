#pragma once

#include <map>
#include <optional>

#include "workloads/workload.h"

namespace orrery {

/// Counters: clients add one by compare-and-swap. Every value of a counter is reached by exactly one
/// increment: no two acknowledged increments claim the same step, and the final value lies between the
/// acknowledged increments and those plus the unknown ones. A write that took effect twice breaks it, and
/// so does a lost one.
class CounterWorkload final : public Workload {
 public:
  static constexpr std::string_view kName = "counter";
  static constexpr std::string_view kLaw =
      "each step of a counter is claimed by one increment; none is lost and none counts twice";

  explicit CounterWorkload(const WorkloadOptions& options) : options_(options), counters_(options.keys) {}

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  void Step(WorkloadClient& client) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;

 private:
  struct Counter {
    std::map<uint64_t, uint32_t> claimed_by;  ///< Value reached to the client that reached it.
    uint64_t unknown = 0;
    uint64_t highest_read = 0;
    std::optional<uint64_t> final_value;  ///< Once Finish has read it.
  };

  Result<uint64_t> Read(WorkloadClient& client, uint64_t key, Deadline deadline);
  void Break(std::string law, std::string words);

  WorkloadOptions options_;
  std::vector<Counter> counters_;
  LawReport first_break_;
};

}  // namespace orrery
