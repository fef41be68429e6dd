#pragma once

#include <map>

#include "workloads/recording_workload.h"

namespace orrery {

/// Registers: clients read, write, delete and compare-and-swap a few keys; every key is a linearizable
/// register. Written values are unique. Unknown operations stay open for ever. Recorded as r, w and cas.
class RegisterWorkload final : public RecordingWorkload {
 public:
  static constexpr std::string_view kName = "register";
  static constexpr std::string_view kLaw =
      "every key is a linearizable register under get, put, delete and compare-and-swap";

  explicit RegisterWorkload(const WorkloadOptions& options);

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  Operation Draw(uint32_t client, Random random) const override;
  void Run(WorkloadClient& client, const Operation& operation) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;

 private:
  /// What a client last knew of a key: the guess of its next compare-and-swap.
  using Known = std::map<uint64_t, std::optional<uint64_t>>;

  Status Get(WorkloadClient& client, uint64_t key, Deadline deadline);
  void Put(WorkloadClient& client, const Operation& operation);
  void Delete(WorkloadClient& client, uint64_t key);
  void Swap(WorkloadClient& client, const Operation& operation);
  check::Value KeyValue(uint64_t key) { return recorder().Int(key); }
  check::Value NumberValue(const std::optional<uint64_t>& number) {
    return number ? recorder().Int(*number) : check::kNil;
  }

  std::vector<Known> known_;
};

}  // namespace orrery
