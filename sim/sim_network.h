#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/network.h"
#include "sim/link.h"

namespace orrery::sim {

class NodeBoot;
class SimNode;

enum class RuleKind : uint8_t { kClog, kPartition, kSlow };

/// A network fault in force, from every node of one set to every node of another.
struct NetworkRule {
  RuleKind kind;
  std::vector<NodeId> from;  ///< Empty: every node.
  std::vector<NodeId> to;
  bool both_ways = false;
  uint32_t slow_factor = 1;

  bool Covers(NodeId sender, NodeId receiver) const;
};

/// All links of the world and the rules over them.
class SimNetwork {
 public:
  explicit SimNetwork(WorldCore& core) : core_(core) {}

  uint64_t AddRule(NetworkRule rule);
  /// False if it is not in force.
  bool RemoveRule(uint64_t id);
  void RemoveAllRules();
  size_t rules() const { return rules_.size(); }

  bool Blocked(NodeId from, NodeId to) const;
  bool Partitioned(NodeId from, NodeId to) const;
  uint32_t SlowFactor(NodeId from, NodeId to) const;

  /// The way from one node to another; made at first use. nullptr if there is no such node.
  Direction* DirectionTo(SimNode& from, NodeId to);
  Link* FindLink(NodeId a, NodeId b);
  void OnDown(SimNode& node, CrashKind kind);
  void OnBoot(SimNode& node);

 private:
  void ApplyRules();
  void ApplyRulesTo(Direction& way);

  WorldCore& core_;
  std::map<std::pair<NodeId, NodeId>, std::unique_ptr<Link>> links_;  ///< Smaller id first.
  std::map<uint64_t, NetworkRule> rules_;
  uint64_t last_rule_ = 0;
};

/// The Network of one boot.
class NodeNetwork final : public Network {
 public:
  NodeNetwork(WorldCore& core, NodeBoot& boot) : core_(core), boot_(boot) {}

  Endpoint self() const override;
  void Send(Endpoint to, Channel channel, Bytes message) override;
  void Listen(Channel channel, Receiver* receiver) override;
  size_t QueuedBytes(Endpoint to) const override;

  void Close() { closed_ = true; }
  Receiver* ReceiverOf(Channel channel) const;
  /// Tells every receiver that the connection ended or could not be made.
  void TellEnd(Endpoint peer, bool connected_before);

 private:
  static constexpr size_t kChannels = 16;

  void FailSend(Endpoint to);

  WorldCore& core_;
  NodeBoot& boot_;
  bool closed_ = false;
  std::array<Receiver*, kChannels> receivers_{};
  std::unordered_map<uint64_t, Direction*> ways_;  ///< A cache; never iterated.
};

}  // namespace orrery::sim
