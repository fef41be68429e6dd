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
  // A fault that waits for a moment is begun by a later event, which has the id to itself.
  const std::string name = plan.moment ? id + "/armed" : id;
  world_.Schedule(world_.Now() + gap, name, [this, plan_index, ordinal] {
    if (stopped_) return;
    const std::optional<Moment> moment = plans_[plan_index].moment;
    if (moment) {
      waiting_.push_back({plan_index, ordinal, resolver_.SeenOf(*moment).count});
    } else {
      Begin(plan_index, ordinal, StoreId());
    }
  });
}

void Nemesis::Look() {
  if (waiting_.empty() || stopped_) return;
  std::vector<Waiting> due;
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (resolver_.SeenOf(*plans_[waiting.plan_index].moment).count == waiting.seen) return false;
    due.push_back(waiting);
    return true;
  });
  for (const Waiting& waiting : due) BeginBehindMoment(waiting);
}

/// An event of its own, as when it is replayed.
void Nemesis::BeginBehindMoment(const Waiting& waiting) {
  const FaultPlan& plan = plans_[waiting.plan_index];
  const StoreId there = resolver_.SeenOf(*plan.moment).where;
  const std::string id = IdOf(waiting.plan_index, waiting.ordinal);
  Random draw = random_.Split(id).Split("delay");
  const Duration delay(1 + draw.Between(plan.delay.low.count(), plan.delay.high.count()));
  world_.Schedule(world_.Now() + delay, id, [this, waiting, there] {
    if (!stopped_) Begin(waiting.plan_index, waiting.ordinal, there);
  });
}

void Nemesis::Begin(size_t plan_index, uint64_t ordinal, StoreId there) {
  const FaultPlan& plan = plans_[plan_index];
  const std::string id = IdOf(plan_index, ordinal);
  const Random random = random_.Split(id);
  Random span = random.Split("lasts");
  const Duration lasts(span.Between(plan.lasts.low.count(), plan.lasts.high.count()));
  std::optional<FaultEntry> fault = resolver_.Resolve(plan.kind, random, lasts);
  if (fault && plan.aim != Aim::kUsual && !resolver_.TakeAim(*fault, plan.aim, there)) fault.reset();
  if (fault) {
    fault->id = id;
    fault->at = world_.Now() - started_;
    if (!executor_.Execute(*fault).ok()) fault.reset();
  }
  ++(fault ? tally_.begun : tally_.left_out)[std::string(FaultName(plan.kind))];
  ScheduleNext(plan_index, ordinal + 1);
}

}  // namespace orrery::faults
