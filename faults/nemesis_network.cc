#include <fmt/core.h>

#include "faults/nemesis.h"

namespace orrery::faults {

using sim::NodeSet;
using sim::Symmetry;

bool Nemesis::StrikeNetwork(Strike& strike) {
  const StoreId victim = LeaderOrAny(strike.random);
  const NodeId node = NodeIdOf(victim);
  const NodeId other = NodeIdOf(AnyStore(strike.random));
  switch (strike.kind) {
    case FaultKind::kClogSend: HealLater(strike, world_.ClogSend(node)); return true;
    case FaultKind::kClogReceive: HealLater(strike, world_.ClogReceive(node)); return true;
    case FaultKind::kClogPair:
      if (node == other) return false;
      HealLater(strike, world_.Clog({node}, {other}));
      return true;
    case FaultKind::kClogOneWay:
      if (node == other) return false;
      HealLater(strike, world_.Clog({node}, {other}, Symmetry::kOneWay));
      return true;
    case FaultKind::kSwizzleClog: return Swizzle(strike);
    case FaultKind::kPartitionHalves: return PartitionHalves(strike, Symmetry::kBothWays);
    case FaultKind::kPartitionOneWay: return PartitionHalves(strike, Symmetry::kOneWay);
    case FaultKind::kPartitionIsolate: HealLater(strike, world_.Partition({node}, Others(victim))); return true;
    case FaultKind::kPartitionRing: return PartitionRing(strike);
    case FaultKind::kResetConnections:
      for (const NodeId peer : Everybody()) {
        if (peer != node) world_.ResetConnection(node, peer);
      }
      return true;
    case FaultKind::kSlowLink:
      if (node == other) return false;
      HealLater(strike, world_.SlowLink({node}, {other}, static_cast<uint32_t>(strike.random.Between(10, 1000))));
      return true;
    case FaultKind::kDelayedDuplicates: return DelayDuplicates(strike);
    case FaultKind::kQueueFull:
      if (node == other) return false;
      world_.OverflowQueue(node, other);
      return true;
    default: ORRERY_UNREACHABLE(FaultName(strike.kind));
  }
}

bool Nemesis::Swizzle(Strike& strike) {
  // Clogged one after the other over the first half, released in an order of its own over the second.
  for (const StoreId store : cluster_.stores()) {
    Random draw = strike.random.Split(store.value());
    if (!draw.Chance(0.6)) continue;
    const Duration half = strike.lasts / 2;
    const Duration begin(draw.Between(0, half.count()));
    const Duration end = half + Duration(draw.Between(0, half.count()));
    Later(strike, begin, fmt::format("swizzle{}", store.value()), [this, strike, store, begin, end] {
      const sim::RuleId rule = world_.ClogReceive(NodeIdOf(store));
      Later(strike, end - begin, fmt::format("unswizzle{}", store.value()), [this, rule] { world_.Heal(rule); });
    });
  }
  return true;
}

bool Nemesis::PartitionHalves(Strike& strike, Symmetry symmetry) {
  NodeSet left;
  NodeSet right;
  for (const NodeId node : Everybody()) (strike.random.Chance(0.5) ? left : right).push_back(node);
  if (left.empty() || right.empty()) return false;
  HealLater(strike, world_.Partition(left, right, symmetry));
  return true;
}

bool Nemesis::PartitionRing(Strike& strike) {
  const std::vector<StoreId>& stores = cluster_.stores();
  if (stores.size() < 4) return false;  // In a ring of three everybody hears everybody.
  for (size_t i = 0; i < stores.size(); ++i) {
    NodeSet far;
    for (size_t j = i + 2; j < stores.size(); ++j) {
      if (i == 0 && j + 1 == stores.size()) continue;  // The ring closes here.
      far.push_back(NodeIdOf(stores[j]));
    }
    if (!far.empty()) HealLater(strike, world_.Partition({NodeIdOf(stores[i])}, far));
  }
  return true;
}

bool Nemesis::DelayDuplicates(Strike& strike) {
  sim::NetworkOptions options = calm_network_;
  options.old_epoch_probability = 0.5;
  options.duplicate_probability = 0.1;
  world_.SetNetworkOptions(options);
  Later(strike, strike.lasts, "calm", [this] { world_.SetNetworkOptions(calm_network_); });
  for (const StoreId store : cluster_.stores()) {
    for (const StoreId peer : cluster_.stores()) {
      if (store >= peer) continue;
      Random draw = strike.random.Split(store.value()).Split(peer.value());
      const Duration at(draw.Between(0, strike.lasts.count()));
      Later(strike, at, fmt::format("reset{}-{}", store.value(), peer.value()),
            [this, store, peer] { world_.ResetConnection(NodeIdOf(store), NodeIdOf(peer)); });
    }
  }
  return true;
}

}  // namespace orrery::faults
