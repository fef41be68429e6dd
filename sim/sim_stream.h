#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/fiber/wait_queue.h"
#include "runtime/stream.h"
#include "sim/world_core.h"

namespace orrery::sim {

class NodeBoot;
class SimNode;
class StreamConnection;
class StreamPort;

/// All byte streams of the world: who listens where, and the connections. Streams obey the same rules as
/// messages: blocked ways hold bytes back, a partition kills by silence, a crash ends the connection.
class StreamSwitchboard {
 public:
  explicit StreamSwitchboard(WorldCore& core) : core_(core) {}
  ~StreamSwitchboard();

  void OnRules();
  void OnDown(SimNode& node, CrashKind kind);
  /// Cuts every stream between two nodes.
  void Reset(NodeId a, NodeId b);

  // For NodeStreams.
  Result<std::shared_ptr<StreamPort>> Listen(SimNode& node, std::string_view address);
  void Unlisten(const StreamPort& port);
  /// The port behind an address as `from` sees it; null if nobody listens. kInvalidArgument for bad addresses.
  Result<std::shared_ptr<StreamPort>> Find(SimNode& from, std::string_view address, SimNode** host);
  std::shared_ptr<StreamConnection> Connect(SimNode& from, const std::shared_ptr<StreamPort>& port);

 private:
  WorldCore& core_;
  std::map<std::pair<NodeId, int>, std::shared_ptr<StreamPort>> ports_;
  std::vector<std::weak_ptr<StreamConnection>> connections_;  ///< In order of opening.
  std::map<NodeId, uint64_t> opened_;                         ///< Per initiator: names its connections.
};

/// The StreamTransport of one boot. Addresses are "host:port"; a node's host name is its name in the world,
/// "127.0.0.1", "localhost" and "0.0.0.0" are itself.
class NodeStreams final : public StreamTransport {
 public:
  NodeStreams(WorldCore& core, NodeBoot& boot) : core_(core), boot_(boot) {}

  Result<std::unique_ptr<StreamListener>> Listen(std::string_view address) override;
  Result<std::unique_ptr<Stream>> Connect(std::string_view address, Deadline deadline) override;
  void Close() { closed_ = true; }

 private:
  WorldCore& core_;
  NodeBoot& boot_;
  bool closed_ = false;
};

}  // namespace orrery::sim
