#include <fmt/core.h>

#include "faults/fault_executor.h"
#include "faults/stranger.h"

namespace orrery::faults {

using sim::NodeSet;
using sim::Symmetry;

Status FaultExecutor::ExecuteNetwork(const FaultEntry& fault) {
  const NodeSet& targets = fault.targets;
  const NodeSet& others = fault.others;
  switch (fault.kind) {
    case FaultKind::kClogSend: HealLater(fault, world_.ClogSend(targets.at(0))); break;
    case FaultKind::kClogReceive: HealLater(fault, world_.ClogReceive(targets.at(0))); break;
    case FaultKind::kClogPair: HealLater(fault, world_.Clog(targets, others)); break;
    case FaultKind::kClogOneWay: HealLater(fault, world_.Clog(targets, others, Symmetry::kOneWay)); break;
    case FaultKind::kSwizzleClog: return Swizzle(fault);
    case FaultKind::kFadingLeader: return Fade(fault);
    case FaultKind::kPartitionHalves:
    case FaultKind::kPartitionIsolate: HealLater(fault, world_.Partition(targets, others)); break;
    case FaultKind::kPartitionOneWay: HealLater(fault, world_.Partition(targets, others, Symmetry::kOneWay)); break;
    case FaultKind::kPartitionRing: return PartitionRing(fault);
    case FaultKind::kResetConnections:
      for (const NodeId peer : world_.nodes()) {
        if (peer != targets.at(0)) world_.ResetConnection(targets.at(0), peer);
      }
      break;
    case FaultKind::kSlowLink:
      HealLater(fault, world_.SlowLink(targets, others, static_cast<uint32_t>(fault.amount)));
      break;
    case FaultKind::kDelayedDuplicates: return DelayDuplicates(fault);
    case FaultKind::kQueueFull: world_.OverflowQueue(targets.at(0), others.at(0)); break;
    case FaultKind::kStranger: return SendGarbage(fault);
    default: ORRERY_UNREACHABLE(FaultName(fault.kind));
  }
  return Status::Ok();
}

Status FaultExecutor::SendGarbage(const FaultEntry& fault) {
  cluster_.RunOnStranger({"garbage", Hash64(fault.id)},
                         [this, fault](ClientHost& host) { Babble(host, fault, [this] { return stopped_; }); });
  return Status::Ok();
}

Status FaultExecutor::Swizzle(const FaultEntry& fault) {
  for (const FaultStep& step : fault.steps) {
    const std::string store = ToString(step.store);
    Later(fault, step.after, "clog" + store, [this, fault, step, store] {
      const sim::RuleId rule = world_.ClogReceive(NodeIdOf(step.store));
      Later(fault, step.until - step.after, "release" + store, [this, rule] { world_.Heal(rule); });
    });
  }
  return Status::Ok();
}

Status FaultExecutor::Fade(const FaultEntry& fault) {
  const NodeId leader = fault.targets.at(0);
  const NodeId restarts = fault.others.at(0);
  for (const FaultStep& step : fault.steps) {
    const NodeId follower = NodeIdOf(step.store);
    if (follower == leader) return Status(StatusCode::kConflict, NodeText(leader) + " cannot lose itself");
    Later(fault, step.after, fmt::format("lose{}", step.store.value()), [this, fault, step, leader, restarts] {
      const NodeId node = NodeIdOf(step.store);
      const sim::RuleId rule = world_.Clog({leader}, {node});
      if (node == restarts && world_.IsUp(node)) world_.Restart(node, sim::CrashKind::kProcessKill);
      Later(fault, step.until - step.after, fmt::format("hear{}", step.store.value()),
            [this, rule] { world_.Heal(rule); });
    });
  }
  return Status::Ok();
}

Status FaultExecutor::PartitionRing(const FaultEntry& fault) {
  const std::vector<StoreId>& stores = cluster_.stores();
  if (stores.size() < 4) {
    return Status(StatusCode::kConflict, "in a ring of three everybody hears everybody");
  }
  std::vector<sim::RuleId> rules;
  for (size_t i = 0; i < stores.size(); ++i) {
    NodeSet far;
    for (size_t j = i + 2; j < stores.size(); ++j) {
      if (i == 0 && j + 1 == stores.size()) continue;  // The ring closes here.
      far.push_back(NodeIdOf(stores[j]));
    }
    if (!far.empty()) rules.push_back(world_.Partition({NodeIdOf(stores[i])}, far));
  }
  Later(fault, fault.lasts, "heal", [this, rules] {
    for (const sim::RuleId rule : rules) world_.Heal(rule);
  });
  return Status::Ok();
}

Status FaultExecutor::DelayDuplicates(const FaultEntry& fault) {
  sim::NetworkOptions options = calm_network_;
  options.old_epoch_probability = 0.5;
  options.duplicate_probability = 0.1;
  world_.SetNetworkOptions(options);
  Later(fault, fault.lasts, "calm", [this] { world_.SetNetworkOptions(calm_network_); });
  for (const FaultStep& step : fault.steps) {
    const std::string name = fmt::format("reset{}-{}", step.store.value(), step.peer.value());
    Later(fault, step.after, name, [this, step] {
      world_.ResetConnection(NodeIdOf(step.store), NodeIdOf(step.peer));
      // What clients sent comes once more, too.
      for (const NodeId client : world_.nodes()) {
        if (IsClientNode(client)) world_.ResetConnection(NodeIdOf(step.store), client);
      }
    });
  }
  return Status::Ok();
}

}  // namespace orrery::faults
