#include "sim/sim_network.h"

#include <algorithm>

#include "runtime/base/assert.h"
#include "sim/node_boot.h"
#include "sim/sim_node.h"

namespace orrery::sim {
namespace {

bool Contains(const std::vector<NodeId>& set, NodeId node) {
  return set.empty() || std::find(set.begin(), set.end(), node) != set.end();
}

}  // namespace

bool NetworkRule::Covers(NodeId sender, NodeId receiver) const {
  if (sender == receiver) return false;
  if (Contains(from, sender) && Contains(to, receiver)) return true;
  return both_ways && Contains(to, sender) && Contains(from, receiver);
}

uint64_t SimNetwork::AddRule(NetworkRule rule) {
  rules_.emplace(++last_rule_, std::move(rule));
  ApplyRules();
  return last_rule_;
}

bool SimNetwork::RemoveRule(uint64_t id) {
  if (rules_.erase(id) == 0) return false;
  ApplyRules();
  return true;
}

void SimNetwork::RemoveAllRules() {
  rules_.clear();
  ApplyRules();
}

bool SimNetwork::Partitioned(NodeId from, NodeId to) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& entry) {
    return entry.second.kind == RuleKind::kPartition && entry.second.Covers(from, to);
  });
}

bool SimNetwork::Blocked(NodeId from, NodeId to) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& entry) {
    return entry.second.kind != RuleKind::kSlow && entry.second.Covers(from, to);
  });
}

uint32_t SimNetwork::SlowFactor(NodeId from, NodeId to) const {
  uint32_t factor = 1;
  for (const auto& [id, rule] : rules_) {
    if (rule.kind == RuleKind::kSlow && rule.Covers(from, to)) factor = std::max(factor, rule.slow_factor);
  }
  return factor;
}

void SimNetwork::ApplyRulesTo(Direction& way) {
  const NodeId from = way.from().id();
  const NodeId to = way.to().id();
  way.partitioned = Partitioned(from, to);
  way.clogged = !way.partitioned && Blocked(from, to);
  way.slow_factor = SlowFactor(from, to);
}

void SimNetwork::ApplyRules() {
  for (const auto& [ends, link] : links_) {
    ApplyRulesTo(link->direction(0));
    ApplyRulesTo(link->direction(1));
    link->OnRules();
  }
  core_.streams->OnRules();
}

Link* SimNetwork::FindLink(NodeId a, NodeId b) {
  const auto found = links_.find(std::minmax(a, b));
  return found == links_.end() ? nullptr : found->second.get();
}

Direction* SimNetwork::DirectionTo(SimNode& from, NodeId to) {
  SimNode* target = core_.FindNode(to);
  if (target == nullptr) return nullptr;
  const bool from_is_first = from.id() <= to;
  auto& link = links_[std::minmax(from.id(), to)];
  if (link == nullptr) {
    link = from_is_first ? std::make_unique<Link>(core_, from, *target) : std::make_unique<Link>(core_, *target, from);
    ApplyRulesTo(link->direction(0));
    ApplyRulesTo(link->direction(1));
  }
  return &link->direction(from_is_first ? 0 : 1);
}

void SimNetwork::OnDown(SimNode& node, CrashKind kind) {
  for (const auto& [ends, link] : links_) {
    if (ends.first == node.id()) {
      link->OnDown(0, kind);
    } else if (ends.second == node.id()) {
      link->OnDown(1, kind);
    }
  }
}

void SimNetwork::OnBoot(SimNode& node) {
  for (const auto& [ends, link] : links_) {
    if (ends.first == node.id()) {
      link->OnBoot(0);
    } else if (ends.second == node.id()) {
      link->OnBoot(1);
    }
  }
}

Endpoint NodeNetwork::self() const {
  return Endpoint{boot_.sim_node().id(), 0};
}

void NodeNetwork::Send(Endpoint to, Channel channel, Bytes message) {
  ORRERY_ASSERT(message.size() <= kMessageBytesMax);
  if (closed_) return;
  SimNode& node = boot_.sim_node();
  Direction*& way = ways_[to.node.value()];
  if (way == nullptr) way = core_.network->DirectionTo(node, to.node);
  if (way == nullptr || to.shard != 0) return FailSend(to);
  if (way->link().state() == Link::State::kClosed && to.node != node.id() && !boot_.addresses.Find(to.node))
    return FailSend(to);
  way->link().Send(way->side(), channel, std::move(message), node.turn_now());
}

/// Nobody of that name can be reached.
void NodeNetwork::FailSend(Endpoint to) {
  SimNode* node = &boot_.sim_node();
  const uint64_t boot = boot_.number();
  core_.After(boot_.actor, node->turn_now() + core_.options.network.latency_min.count(), [this, node, boot, to] {
    if (node->boots() != boot) return;
    node->Deliver([this, to] {
      core_.Record(EventKind::kDisconnect, boot_.actor, HashCombine(to.node.value(), to.shard));
      TellEnd(to, false);
    });
  });
}

void NodeNetwork::Listen(Channel channel, Receiver* receiver) {
  const auto index = static_cast<size_t>(channel);
  ORRERY_ASSERT(index < kChannels);
  receivers_[index] = receiver;
}

Receiver* NodeNetwork::ReceiverOf(Channel channel) const {
  return closed_ ? nullptr : receivers_[static_cast<size_t>(channel) % kChannels];
}

void NodeNetwork::TellEnd(Endpoint peer, bool connected_before) {
  for (size_t i = 0; i < kChannels; ++i) {
    if (closed_ || receivers_[i] == nullptr) continue;
    // A receiver of several channels is told once.
    if (std::find(receivers_.begin(), receivers_.begin() + i, receivers_[i]) != receivers_.begin() + i) continue;
    if (connected_before) {
      receivers_[i]->OnDisconnect(peer);
    } else {
      receivers_[i]->OnConnectFailed(peer);
    }
  }
}

size_t NodeNetwork::QueuedBytes(Endpoint to) const {
  const auto found = ways_.find(to.node.value());
  if (found == ways_.end() || found->second == nullptr) return 0;
  return found->second->link().WaitingBytes(found->second->side());
}

}  // namespace orrery::sim
