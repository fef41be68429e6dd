#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "faults/shrink/candidate_judge.h"
#include "runtime/base/random.h"

namespace orrery::faults {

/// Judges capsules by a predicate, for tests; which of those under way ends first is drawn.
class FakeRunner final : public CandidateRunner {
 public:
  using Fails = std::function<bool(const Capsule&)>;

  FakeRunner(Fails fails, size_t jobs, uint64_t seed) : fails_(std::move(fails)), jobs_(jobs), random_(seed) {}

  size_t jobs() const override { return jobs_; }

  Status Start(uint64_t ticket, const std::string& capsule_text) override {
    ORRERY_ASSERT(under_way_.size() < jobs_);
    ORRERY_ASSERT(under_way_.emplace(ticket, capsule_text).second);
    return Status::Ok();
  }

  Result<std::optional<Done>> WaitAny() override {
    ORRERY_ASSERT(!under_way_.empty());
    if (judged >= judged_max) {
      under_way_.clear();
      return std::optional<Done>();
    }
    ++judged;
    auto chosen = under_way_.begin();
    std::advance(chosen, static_cast<ptrdiff_t>(random_.Below(under_way_.size())));
    const Result<Capsule> capsule = ParseCapsule(chosen->second, "candidate");
    ORRERY_ASSERT_THAT(capsule.ok(), capsule.status().ToString());
    const Done done{chosen->first, fails_(*capsule)};
    under_way_.erase(chosen);
    return std::optional(done);
  }

  void Cancel(uint64_t ticket) override { ORRERY_ASSERT(under_way_.erase(ticket) == 1); }

  size_t judged = 0;
  size_t judged_max = SIZE_MAX;

 private:
  Fails fails_;
  size_t jobs_;
  Random random_;
  std::map<uint64_t, std::string> under_way_;
};

/// A capsule with many faults and operations, for tests. Valid.
inline Capsule BusyCapsule(size_t faults, size_t operations) {
  Capsule capsule;
  capsule.scenario = "busy";
  capsule.expected = {.exit_code = sim::ExitCode::kSafety,
                      .outcome = "lost-write",
                      .signature = "safety/lost-write",
                      .fingerprint = ""};
  capsule.cluster.stores = 5;
  capsule.cluster.spares = 1;
  capsule.safety = seconds(50);
  capsule.workloads.push_back({.name = "register", .options = {.clients = 6, .keys = 12}, .operations = {}});
  capsule.workloads.push_back({.name = "set", .options = {.clients = 3}, .operations = {}});
  for (size_t i = 0; i < operations; ++i) {
    // By client, then by ordinal.
    const auto client = static_cast<uint32_t>(i * 6 / operations);
    const Duration start = milliseconds(10) * static_cast<int64_t>(i % (operations / 6 + 1));
    capsule.workloads[0].operations.push_back(
        {.client = client,
         .start = start,
         .operation = {.ordinal = i + 1, .kind = OperationKind::kPut, .key = i % 12, .detail = 0}});
    capsule.workloads[1].operations.push_back(
        {.client = static_cast<uint32_t>(i * 3 / operations),
         .start = start,
         .operation = {.ordinal = i + 1, .kind = OperationKind::kAdd, .key = 0, .detail = 0}});
  }
  constexpr FaultKind kKinds[] = {FaultKind::kKill, FaultKind::kPause, FaultKind::kResetConnections,
                                  FaultKind::kClogSend, FaultKind::kPowerLoss};
  for (size_t i = 0; i < faults; ++i) {
    FaultEntry fault;
    fault.kind = kKinds[i % 5];
    fault.id = std::string(FaultName(fault.kind)) + "#" + std::to_string(i);
    fault.at = seconds(40) * static_cast<int64_t>(i) / static_cast<int64_t>(faults);
    if (fault.kind != FaultKind::kResetConnections) fault.lasts = milliseconds(2300);
    fault.targets = {NodeId(1 + i % 5)};
    capsule.faults.push_back(fault);
  }
  ORRERY_ASSERT_THAT(capsule.Validate().ok(), capsule.Validate().ToString());
  return capsule;
}

}  // namespace orrery::faults
