#include "sim/sim_network.h"
#include "sim/sim_node.h"
#include "sim/sim_stream.h"
#include "sim/stream_connection.h"
#include "sim/world.h"

namespace orrery::sim {
namespace {

std::string NamesOf(const WorldCore& core, const NodeSet& set) {
  if (set.empty()) return "*";
  std::string names;
  for (const NodeId id : set) {
    const SimNode* node = core.FindNode(id);
    names += (names.empty() ? "" : ",") + (node == nullptr ? "?" : node->actor().name);
  }
  return names;
}

RuleId Add(WorldCore& core, WorldFault fault, NetworkRule rule) {
  const std::string from = NamesOf(core, rule.from);
  const std::string to = NamesOf(core, rule.to);
  const char* arrow = rule.both_ways ? "<->" : "->";
  const std::string text = fmt::format("{} {} {} x{}", from, arrow, to, rule.slow_factor);
  core.RecordFault(fault, core.ActorOf("network"), Hash64(text), text);
  return core.network->AddRule(std::move(rule));
}

void RecordHeal(WorldCore& core, uint64_t content, std::string_view text) {
  Actor& actor = core.ActorOf("network");
  core.Record(EventKind::kFault, actor, HashCombine(Hash64("heal"), content));
  core.TraceEvent(EventKind::kFault, actor, text);
}

}  // namespace

RuleId World::ClogSend(NodeId node) {
  return Add(*core_, WorldFault::kClogSend, {.kind = RuleKind::kClog, .from = {node}, .to = {}});
}

RuleId World::ClogReceive(NodeId node) {
  return Add(*core_, WorldFault::kClogReceive, {.kind = RuleKind::kClog, .from = {}, .to = {node}});
}

RuleId World::Clog(const NodeSet& from, const NodeSet& to, Symmetry symmetry) {
  const bool both = symmetry == Symmetry::kBothWays;
  return Add(*core_, both ? WorldFault::kClogPair : WorldFault::kClogOneWay,
             {.kind = RuleKind::kClog, .from = from, .to = to, .both_ways = both});
}

RuleId World::Partition(const NodeSet& from, const NodeSet& to, Symmetry symmetry) {
  const bool both = symmetry == Symmetry::kBothWays;
  return Add(*core_, both ? WorldFault::kPartition : WorldFault::kPartitionOneWay,
             {.kind = RuleKind::kPartition, .from = from, .to = to, .both_ways = both});
}

RuleId World::SlowLink(const NodeSet& from, const NodeSet& to, uint32_t factor, Symmetry symmetry) {
  return Add(*core_, WorldFault::kSlowLink,
             {.kind = RuleKind::kSlow,
              .from = from,
              .to = to,
              .both_ways = symmetry == Symmetry::kBothWays,
              .slow_factor = factor});
}

void World::Heal(RuleId rule) {
  if (core_->network->RemoveRule(rule)) RecordHeal(*core_, rule, fmt::format("heal rule {}", rule));
}

void World::HealNetwork() {
  RecordHeal(*core_, 0, "heal the network");
  core_->network->RemoveAllRules();
}

bool World::Reachable(NodeId from, NodeId to) const {
  return !core_->network->Blocked(from, to);
}

void World::ResetConnection(NodeId a, NodeId b) {
  if (Link* link = core_->network->FindLink(a, b)) link->Reset(WorldFault::kReset);
  core_->streams->Reset(a, b);
}

void World::OverflowQueue(NodeId from, NodeId to) {
  if (Link* link = core_->network->FindLink(from, to)) link->Reset(WorldFault::kQueueFull);
}

void World::SetNetworkOptions(const NetworkOptions& options) {
  core_->options.network = options;
  RecordHeal(*core_, Hash64("options"), "network options");
}

const NetworkOptions& World::network_options() const {
  return core_->options.network;
}

}  // namespace orrery::sim
