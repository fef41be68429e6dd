#pragma once

#include "workloads/recording_workload.h"

namespace orrery {

/// Append-only set: clients add elements, each under a key of its own, and read the whole set. No
/// acknowledged element is ever missing from a later read, no element appears that nobody tried to add,
/// and none changes. An unknown add may appear at any time or never, but once seen it stays.
/// Recorded as add and r [values] of the key "set"; judged by check::CheckSetLaw.
class SetWorkload final : public RecordingWorkload {
 public:
  static constexpr std::string_view kName = "set";
  static constexpr std::string_view kLaw =
      "an acknowledged or once seen element is in every later read; nothing appears that nobody added";

  using RecordingWorkload::RecordingWorkload;

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  Operation Draw(uint32_t client, Random random) const override;
  void Run(WorkloadClient& client, const Operation& operation) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;

 private:
  void Add(WorkloadClient& client, uint64_t element);
  /// One read of the whole set, `page_rows` at a time.
  Status ReadAll(WorkloadClient& client, uint32_t page_rows, Deadline deadline);
  Result<std::vector<check::Value>> Walk(WorkloadClient& client, uint32_t page_rows, Deadline deadline);
};

}  // namespace orrery
