#include "workloads/check/linearizability.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "workloads/check/linear_search.h"
#include "workloads/check/linear_witness.h"
#include "workloads/check/partition.h"
#include "workloads/check/register_zones.h"

namespace orrery::check {

namespace {

constexpr size_t kAnomaliesMax = 8;
/// Every part gets this much before any part may use what is left: one hard part starves nobody.
constexpr uint64_t kFirstPassSteps = 1'000'000;

class Checker {
 public:
  Checker(const History& history, const ModelSpec& spec, const LinearizabilityOptions& options)
      : history_(history), spec_(spec), options_(options) {
    budget_.steps_left = options.steps_max;
    budget_.memory_bytes_max = options.memory_bytes_max;
  }

  Result<CheckReport> Run() {
    for (OpIndex op = 0; op < history_.size(); ++op) ORRERY_RETURN_IF_ERROR(spec_.Accept(history_, op));
    const Partition partition(history_, spec_);
    std::vector<size_t> hard;
    for (size_t i = 0; i < partition.size() && report_.anomalies.size() < kAnomaliesMax; ++i) {
      if (!CheckPart(partition.part(i), kFirstPassSteps)) hard.push_back(i);
    }
    for (size_t i : hard) {
      if (!CheckPart(partition.part(i), budget_.steps_left)) report_.undecided_reason = undecided_reason_;
    }
    report_.stats.operations = history_.size();
    report_.stats.partitions = partition.size();
    report_.stats.memory_bytes = partition.MemoryBytes() + budget_.memory_bytes_peak;
    if (!report_.anomalies.empty()) {
      report_.verdict = Verdict::kBroken;
      report_.undecided_reason.clear();
    } else if (!report_.undecided_reason.empty()) {
      report_.verdict = Verdict::kUndecided;
    }
    return std::move(report_);
  }

 private:
  /// False if undecided within `steps`.
  bool CheckPart(std::span<const OpIndex> ops, uint64_t steps) {
    const Value* initial = options_.zones ? spec_.PlainRegister() : nullptr;
    if (initial != nullptr) {
      if (const auto answer = CheckZones(history_, ops, *initial)) {
        if (answer->linearizable()) return true;
        report_.anomalies.push_back(DescribeConflict(history_, answer->conflict));
        if (answer->garbage) report_.anomalies.back().name = "garbage-read";
        return true;
      }
    }
    SearchBudget budget = budget_;
    budget.steps_left = std::min(steps, budget_.steps_left);
    const uint64_t granted = budget.steps_left;
    const SubHistory part = DropOpenGroups(history_, spec_, WholePart(history_, ops));
    const SearchResult result = SearchSubHistory(history_, spec_, part, /*projected=*/false, seen_, budget);
    const uint64_t used = granted - budget.steps_left;
    budget_.steps_left -= used;
    budget_.memory_bytes_peak = std::max(budget_.memory_bytes_peak, budget.memory_bytes_peak);
    report_.stats.steps += used;
    if (result.verdict == Verdict::kUndecided) {
      undecided_reason_ = result.undecided_reason + " on " + DescribeKeys(history_, ops);
      return false;
    }
    if (result.verdict == Verdict::kBroken) {
      SearchBudget minimize{.steps_left = options_.minimize_steps_max, .memory_bytes_max = options_.memory_bytes_max};
      report_.anomalies.push_back(MinimalConflict(history_, spec_, part, result.stuck, seen_, minimize));
    }
    return true;
  }

  const History& history_;
  const ModelSpec& spec_;
  const LinearizabilityOptions& options_;
  SearchBudget budget_;
  ConfigurationSet seen_;
  CheckReport report_;
  std::string undecided_reason_;
};

}  // namespace

Result<CheckReport> CheckLinearizability(const History& history, const ModelSpec& model,
                                         const LinearizabilityOptions& options) {
  return Checker(history, model, options).Run();
}

}  // namespace orrery::check
