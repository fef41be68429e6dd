#include "faults/nemesis.h"

#include <fmt/core.h>

#include <algorithm>

namespace orrery::faults {

using sim::CrashKind;
using sim::NodeSet;
using sim::Symmetry;

Nemesis::Nemesis(SimCluster& cluster, std::vector<FaultPlan> plans, Random random)
    : cluster_(cluster),
      world_(cluster.world()),
      plans_(std::move(plans)),
      random_(random.Split("faults")),
      calm_network_(world_.network_options()) {}

void Nemesis::Start() {
  for (size_t i = 0; i < plans_.size(); ++i) ScheduleNext(i, 1);
}

void Nemesis::ScheduleNext(size_t plan_index, uint64_t ordinal) {
  const FaultPlan& plan = plans_[plan_index];
  const std::string name = fmt::format("faults/{}/{}/{}", plan_index, FaultName(plan.kind), ordinal);
  Random draw = random_.Split(name).Split("gap");
  const Duration gap(draw.Between(plan.every.count() / 4, plan.every.count() * 7 / 4));
  world_.Schedule(world_.Now() + gap, name, [this, plan_index, ordinal] { Begin(plan_index, ordinal); });
}

void Nemesis::Begin(size_t plan_index, uint64_t ordinal) {
  if (stopped_) return;
  const FaultPlan& plan = plans_[plan_index];
  const std::string name = fmt::format("faults/{}/{}/{}", plan_index, FaultName(plan.kind), ordinal);
  Strike strike{.kind = plan.kind, .random = random_.Split(name), .lasts = Duration(0), .name = name};
  Random span = strike.random.Split("lasts");
  strike.lasts = Duration(span.Between(plan.lasts.low.count(), plan.lasts.high.count()));
  const bool done = Dispatch(strike);
  ++(done ? begun_ : left_out_)[std::string(FaultName(plan.kind))];
  if (done) world_.RecordNote("nemesis", Hash64(name), name);
  ScheduleNext(plan_index, ordinal + 1);
}

bool Nemesis::Dispatch(Strike& strike) {
  if (strike.kind <= FaultKind::kQueueFull) return StrikeNetwork(strike);
  if (strike.kind <= FaultKind::kGracefulRestart) return StrikeProcess(strike);
  if (strike.kind <= FaultKind::kCrashInWrite) return StrikeDisk(strike);
  if (strike.kind <= FaultKind::kClockDrift) return StrikeClock(strike);
  return StrikeMembership(strike);
}

void Nemesis::StopAndHeal() {
  stopped_ = true;
  world_.HealNetwork();
  world_.SetNetworkOptions(calm_network_);
  for (const StoreId store : cluster_.stores()) {
    const NodeId node = NodeIdOf(store);
    world_.DiskOf(node).ClearFaults();
    world_.DiskOf(node).SetCapacity(UINT64_MAX);
    world_.SetDiskStuck(node, false);
    world_.SetDiskSlow(node, 1);
    world_.Resume(node);
    cluster_.HoldDown(store, false);
    cluster_.EnsureUp(store);
    cluster_.AskToReplaceDamaged(store);
  }
}

void Nemesis::Later(const Strike& strike, Duration after, std::string_view what, std::function<void()> code) {
  world_.Schedule(world_.Now() + after, fmt::format("{}/{}", strike.name, what), [this, code = std::move(code)] {
    if (!stopped_) code();  // StopAndHeal has undone everything.
  });
}

void Nemesis::HealLater(const Strike& strike, sim::RuleId rule) {
  Later(strike, strike.lasts, fmt::format("heal{}", rule), [this, rule] { world_.Heal(rule); });
}

StoreId Nemesis::AnyStore(Random& random) const {
  return cluster_.stores()[random.Below(cluster_.stores().size())];
}

StoreId Nemesis::AnyMember(Random& random) const {
  auto at = cluster_.members().begin();
  std::advance(at, random.Below(cluster_.members().size()));
  return *at;
}

StoreId Nemesis::LeaderOrAny(Random& random) const {
  const bool leader = random.Chance(0.5);
  return leader && cluster_.oracle().leader().valid() ? cluster_.oracle().leader() : AnyStore(random);
}

std::optional<StoreId> Nemesis::AnyUp(Random& random) const {
  std::vector<StoreId> up;
  for (const StoreId store : cluster_.stores()) {
    if (world_.IsUp(NodeIdOf(store))) up.push_back(store);
  }
  if (up.empty()) return std::nullopt;
  const StoreId leader = cluster_.oracle().leader();
  if (random.Chance(0.4) && std::find(up.begin(), up.end(), leader) != up.end()) return leader;
  return up[random.Below(up.size())];
}

NodeSet Nemesis::Everybody() const {
  return world_.nodes();
}

NodeSet Nemesis::Others(StoreId store) const {
  NodeSet others;
  for (const StoreId other : cluster_.stores()) {
    if (other != store) others.push_back(NodeIdOf(other));
  }
  return others;
}

}  // namespace orrery::faults
