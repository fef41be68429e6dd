#include "faults/nemesis.h"

#include <fmt/core.h>

#include <algorithm>

namespace orrery::faults {

Nemesis::Nemesis(SimCluster& cluster, FaultExecutor& executor, std::vector<FaultPlan> plans, Random random)
    : world_(cluster.world()),
      executor_(executor),
      resolver_(cluster),
      plans_(std::move(plans)),
      random_(random.Split("faults")) {}

void Nemesis::Start() {
  started_ = world_.Now();
  for (size_t i = 0; i < plans_.size(); ++i) ScheduleNext(i, 1);
}

std::string Nemesis::IdOf(size_t plan_index, uint64_t ordinal) const {
  const FaultKind kind = plans_[plan_index].kind;
  const auto begin = plans_.begin();
  const auto before = std::count_if(begin, begin + static_cast<std::ptrdiff_t>(plan_index),
                                    [kind](const FaultPlan& plan) { return plan.kind == kind; });
  const std::string which = before == 0 ? "" : fmt::format(".{}", before + 1);
  return fmt::format("{}{}#{}", FaultName(kind), which, ordinal);
}

void Nemesis::ScheduleNext(size_t plan_index, uint64_t ordinal) {
  const FaultPlan& plan = plans_[plan_index];
  const std::string id = IdOf(plan_index, ordinal);
  Random draw = random_.Split(id).Split("gap");
  const Duration gap(draw.Between(plan.every.count() / 4, plan.every.count() * 7 / 4));
  world_.Schedule(world_.Now() + gap, id, [this, plan_index, ordinal, id] {
    if (stopped_) return;
    Begin(plan_index, id);
    ScheduleNext(plan_index, ordinal + 1);
  });
}

void Nemesis::Begin(size_t plan_index, const std::string& id) {
  const FaultPlan& plan = plans_[plan_index];
  const Random random = random_.Split(id);
  Random span = random.Split("lasts");
  const Duration lasts(span.Between(plan.lasts.low.count(), plan.lasts.high.count()));
  std::optional<FaultEntry> fault = resolver_.Resolve(plan.kind, random, lasts);
  if (fault) {
    fault->id = id;
    fault->at = world_.Now() - started_;
    if (!executor_.Execute(*fault).ok()) fault.reset();
  }
  ++(fault ? tally_.begun : tally_.left_out)[std::string(FaultName(plan.kind))];
}

}  // namespace orrery::faults
