#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/node.h"
#include "sim/world.h"

namespace orrery::sim {

/// The smallest cluster that uses a network, timers, randomness, a disk and offload; for the simulator's own
/// tests and measurements. Every node plays ping-pong with every larger id.
struct EchoOptions {
  std::vector<NodeId> nodes;
  size_t message_bytes = 64;
  /// A rally that got no answer for this long starts again.
  Duration retry = milliseconds(200);
  /// Every so many pongs a fiber writes and syncs a file; 0 for never.
  uint64_t write_every = 0;
  /// Planted: rallies are counted by the order of heap addresses, which differs between processes.
  bool planted_nondeterminism = false;
};

/// What one boot of an echo node has done. Valid while that boot lives.
class EchoNode : public Node {
 public:
  virtual uint64_t pongs() const = 0;
  virtual uint64_t writes() const = 0;
};

NodeFactory MakeEchoNode(const EchoOptions& options);

/// Adds and boots `count` echo nodes, ids from 1.
void AddEchoCluster(World& world, int count, EchoOptions options = {});

}  // namespace orrery::sim
