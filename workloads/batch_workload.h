#pragma once

#include "workloads/recorder.h"
#include "workloads/workload.h"

namespace orrery {

/// Batches: clients write groups of keys in one batch, all to the same number, and read groups in one
/// scan. A scan sees one number in the whole group (atomicity), and the groups are linearizable registers.
class BatchWorkload final : public Workload {
 public:
  static constexpr std::string_view kName = "batch";
  static constexpr std::string_view kLaw =
      "a scan sees a batch whole or not at all, and groups of keys are linearizable registers";

  explicit BatchWorkload(const WorkloadOptions& options) : options_(options), recorder_(options.clients) {}

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  void Step(WorkloadClient& client) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;
  std::string HistoryText() const override;

 private:
  void Write(WorkloadClient& client, uint64_t group);
  Status Read(WorkloadClient& client, uint64_t group, Deadline deadline);
  /// The one number of all pairs; nullopt for a group that was never written. Breaks the law otherwise.
  std::optional<uint64_t> OneNumber(uint64_t group, const std::vector<struct KeyValue>& pairs);

  WorkloadOptions options_;
  Recorder recorder_;
  uint64_t next_number_ = 1;
  LawReport first_break_;
};

}  // namespace orrery
