#pragma once

#include <memory>
#include <optional>

#include "runtime/address_book.h"
#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/log.h"
#include "runtime/node.h"
#include "runtime/process.h"
#include "runtime/rocks_host.h"
#include "runtime/runtime.h"
#include "sim/sim_network.h"
#include "sim/sim_offload.h"
#include "sim/sim_probes.h"
#include "sim/sim_stream.h"

namespace orrery::sim {

class SimNode;
class SimRocksHost;
class WorldCore;

/// A node's clocks as it sees them. Sites: "sim.clock.fresh_jump".
class SimClock final : public Clock {
 public:
  SimClock(WorldCore& core, SimNode& node, Probes& probes, uint64_t actor_hash)
      : core_(core), node_(node), probes_(probes), actor_hash_(actor_hash) {}
  Instant Now() override { return now_; }
  Instant FreshNow() override;
  WallTime WallNow() override;
  void BeginTurn(Instant now) { now_ = now; }

 private:
  WorldCore& core_;
  SimNode& node_;
  Probes& probes_;
  uint64_t actor_hash_;
  uint64_t jumps_ = 0;
  Instant now_;
};

/// A node's log lines stand in the trace.
class SimLog final : public Log {
 public:
  SimLog(WorldCore& core, const Actor& actor) : core_(core), actor_(actor) {}
  bool Enabled(LogLevel level) const override;
  void Write(LogLevel level, std::string_view component, std::string_view message) override;

 private:
  WorldCore& core_;
  const Actor& actor_;
};

class SimProcess final : public Process {
 public:
  explicit SimProcess(NodeBoot& boot) : boot_(boot) {}
  void Exit(Status reason) override;
  const std::optional<Status>& reason() const { return reason_; }

 private:
  NodeBoot& boot_;
  std::optional<Status> reason_;
};

/// One life of a process: everything its Runtime refers to. Made and ended by its SimNode, in this order:
/// fence, kill the fibers, destroy the node, destroy its engine's environment.
class NodeBoot {
 public:
  NodeBoot(WorldCore& core, SimNode& machine, uint64_t number);
  ~NodeBoot();
  NodeBoot(const NodeBoot&) = delete;
  NodeBoot& operator=(const NodeBoot&) = delete;

  /// From now on nothing the node does has an outside effect, except what its SimNode does to the disk.
  void Fence();
  bool fenced() const { return fenced_; }
  SimNode& sim_node() { return node_; }
  uint64_t number() const { return number_; }

  Actor& actor;
  Scheduler scheduler;
  Domain domain;
  SimProbes probes;
  SimLog log;
  SimClock clock;
  SimProcess process;
  AddressBook addresses;
  NodeNetwork network;
  NodeStreams streams;
  SimOffload offload;
  SimRocksHost* engine = nullptr;  ///< Null if the node has none.
  std::unique_ptr<RocksHost> rocks;
  Runtime runtime;
  std::unique_ptr<Node> node;

 private:
  RocksHost* MakeRocks(WorldCore& core, SimNode& machine);

  SimNode& node_;
  const uint64_t number_;
  bool fenced_ = false;
};

}  // namespace orrery::sim
