#include "faults/fault_executor.h"

#include <fmt/core.h>

namespace orrery::faults {
namespace {

Status Conflict(std::string why) {
  return Status(StatusCode::kConflict, std::move(why));
}

}  // namespace

FaultExecutor::FaultExecutor(SimCluster& cluster, Witness witness)
    : cluster_(cluster),
      world_(cluster.world()),
      witness_(std::move(witness)),
      calm_network_(world_.network_options()) {}

Status FaultExecutor::Execute(const FaultEntry& fault) {
  if (stopped_) return Conflict("the safety phase is over");
  ORRERY_RETURN_IF_ERROR(Perform(fault));
  const std::string words = Describe(fault);
  world_.RecordNote("nemesis", Hash64(words), words);
  if (witness_) witness_(fault);
  return Status::Ok();
}

Status FaultExecutor::Perform(const FaultEntry& fault) {
  if (fault.kind <= FaultKind::kStranger) return ExecuteNetwork(fault);
  if (fault.kind <= FaultKind::kGracefulRestart) return ExecuteProcess(fault);
  if (fault.kind <= FaultKind::kDirectorySyncError) return ExecuteDisk(fault);
  if (fault.kind > FaultKind::kClockDrift) return ExecuteMembership(fault);
  if (fault.kind == FaultKind::kWallStep) {
    world_.StepWallClock(fault.targets.at(0), Duration(fault.amount));
  } else {
    world_.SetDrift(fault.targets.at(0), fault.amount);
  }
  return Status::Ok();
}

Status FaultExecutor::ExecuteMembership(const FaultEntry& fault) {
  const StoreId target = StoreOf(fault.targets.at(0));
  ORRERY_RETURN_IF_ERROR(RequireMember(target));
  switch (fault.kind) {
    case FaultKind::kTransferLeader: cluster_.AskToTransfer(target); return Status::Ok();
    case FaultKind::kCompactLog: cluster_.AskToCompact(target); return Status::Ok();
    case FaultKind::kReplaceStore: return Replace(fault);
    case FaultKind::kReaddStore: return Readd(fault);
    default: ORRERY_UNREACHABLE(FaultName(fault.kind));
  }
}

Status FaultExecutor::Replace(const FaultEntry& fault) {
  const StoreId spare = StoreOf(fault.others.at(0));
  if (cluster_.members().contains(spare)) return Conflict(NodeText(fault.others[0]) + " is a member already");
  ORRERY_RETURN_IF_ERROR(RequireCalm());
  cluster_.AskToReplace(StoreOf(fault.targets.at(0)), spare);
  return Status::Ok();
}

/// While the store is away, one fewer votes; no member is damaged meanwhile, because the operator is at work.
Status FaultExecutor::Readd(const FaultEntry& fault) {
  if (cluster_.members().size() < 3) return Conflict("too few members to remove one");
  ORRERY_RETURN_IF_ERROR(RequireCalm());
  const StoreId store = StoreOf(fault.targets.at(0));
  if (fault.how == "down") {
    if (world_.IsUp(NodeIdOf(store))) world_.Crash(NodeIdOf(store), sim::CrashKind::kProcessKill);
    cluster_.HoldDown(store, true);
  }
  cluster_.AskToReadd(store);
  return Status::Ok();
}

Status FaultExecutor::RequireCalm() const {
  if (!cluster_.OperatorIdle()) return Conflict("the operator is at work");
  return cluster_.damaged().empty() ? Status::Ok() : Conflict("a member is damaged");
}

void FaultExecutor::StopAndHeal() {
  stopped_ = true;
  world_.HealNetwork();
  world_.EndFreshJumps();  // Pauses of up to 4 s each: a fault like any other.
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

Status FaultExecutor::RequireUp(StoreId store) const {
  return world_.IsUp(NodeIdOf(store)) ? Status::Ok() : Conflict(NodeText(NodeIdOf(store)) + " is down");
}

Status FaultExecutor::RequireMember(StoreId store) const {
  return cluster_.members().contains(store) ? Status::Ok() : Conflict(NodeText(NodeIdOf(store)) + " is no member");
}

Status FaultExecutor::RequireBudget(StoreId store) const {
  ORRERY_RETURN_IF_ERROR(RequireMember(store));
  if (cluster_.MayDamage(store)) return Status::Ok();
  return Conflict("outside of the budget: as many members are damaged or being replaced as may be");
}

void FaultExecutor::Later(const FaultEntry& fault, Duration after, std::string_view what, std::function<void()> code) {
  world_.Schedule(world_.Now() + after, fmt::format("{}/{}", fault.id, what), [this, code = std::move(code)] {
    if (!stopped_) code();  // StopAndHeal has undone everything.
  });
}

void FaultExecutor::HealLater(const FaultEntry& fault, sim::RuleId rule) {
  Later(fault, fault.lasts, "heal", [this, rule] { world_.Heal(rule); });
}

void FaultExecutor::BootLater(const FaultEntry& fault, Duration after, StoreId store) {
  Later(fault, after, fmt::format("boot{}", store.value()), [this, store] {
    cluster_.HoldDown(store, false);
    cluster_.EnsureUp(store);
  });
}

void FaultExecutor::ReplaceLater(const FaultEntry& fault, StoreId damaged) {
  Later(fault, fault.lasts, "replace", [this, damaged] { cluster_.AskToReplaceDamaged(damaged); });
}

}  // namespace orrery::faults
