#pragma once

#include <span>
#include <vector>

#include "workloads/recording_workload.h"

namespace orrery {

struct KeyValue;

/// Batches: clients write groups of keys in one batch, all to the same number, and read groups in one
/// scan. A scan sees one batch in the whole group (atomicity), in real-time order. Recorded as operations of
/// several writes or reads; judged as batches of linearizable registers.
class BatchWorkload final : public RecordingWorkload {
 public:
  static constexpr std::string_view kName = "batch";
  static constexpr std::string_view kLaw =
      "a scan sees a batch whole or not at all, and groups of keys are linearizable registers";

  using RecordingWorkload::RecordingWorkload;

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  Operation Draw(uint32_t client, Random random) const override;
  void Run(WorkloadClient& client, const Operation& operation) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;

 private:
  void Write(WorkloadClient& client, const Operation& operation);
  Status Read(WorkloadClient& client, uint64_t group, bool reverse, Deadline deadline);
  /// Reads of the whole group; nil for keys that are not among `pairs`.
  std::vector<check::MicroOp> GroupReads(uint64_t group, std::span<const KeyValue> pairs);
};

}  // namespace orrery
