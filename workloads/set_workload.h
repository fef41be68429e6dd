#pragma once

#include <map>
#include <optional>
#include <set>

#include "workloads/workload.h"

namespace orrery {

/// Append-only set: clients add elements, each under a key of its own, and read the whole set. No
/// acknowledged element is ever missing from a later read, no element appears that nobody tried to add,
/// and none changes. An unknown add may appear at any time or never, but once seen it stays.
class SetWorkload final : public Workload {
 public:
  static constexpr std::string_view kName = "set";
  static constexpr std::string_view kLaw =
      "an acknowledged or once seen element is in every later read; nothing appears that nobody added";

  explicit SetWorkload(const WorkloadOptions& options) : options_(options) {}

  std::string_view name() const override { return kName; }
  std::string_view law() const override { return kLaw; }
  void Step(WorkloadClient& client) override;
  Status Finish(WorkloadClient& client, Deadline deadline) override;
  LawReport Judge() override;

 private:
  void Add(WorkloadClient& client);
  /// One read of the whole set, page by page. Elements that had to be there before it began must be in it.
  Status ReadAll(WorkloadClient& client, Deadline deadline);
  void Compare(const std::set<uint64_t>& required, const std::map<uint64_t, std::optional<uint64_t>>& seen);
  void Break(std::string law, std::string words);

  WorkloadOptions options_;
  uint64_t next_element_ = 1;
  std::set<uint64_t> required_;  ///< Acknowledged or seen.
  LawReport first_break_;
};

}  // namespace orrery
