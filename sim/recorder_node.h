#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/network.h"
#include "runtime/node.h"
#include "runtime/runtime.h"
#include "sim/world.h"

namespace orrery::sim {

/// What recorder nodes have seen, over all boots. Owned by the test.
struct Recording {
  struct Arrival {
    NodeId from;
    Bytes message;
    Duration at{};
  };
  std::vector<Arrival> arrivals;
  std::vector<NodeId> disconnects;
  std::vector<NodeId> failed_connects;
};

/// A node for tests of the world: it only notes what reaches it, on Channel::kRpc.
class RecorderNode final : public Node, public Receiver {
 public:
  RecorderNode(Runtime& runtime, const World& world, Recording& recording)
      : runtime_(runtime), world_(world), recording_(recording) {
    runtime.network.Listen(Channel::kRpc, this);
  }
  void RequestStop() override {}
  void OnMessage(Endpoint from, Bytes message) override {
    recording_.arrivals.push_back({from.node, std::move(message), world_.Now()});
  }
  void OnDisconnect(Endpoint peer) override { recording_.disconnects.push_back(peer.node); }
  void OnConnectFailed(Endpoint peer) override { recording_.failed_connects.push_back(peer.node); }
  Runtime& runtime() { return runtime_; }

 private:
  Runtime& runtime_;
  const World& world_;
  Recording& recording_;
};

/// A world of booted recorder nodes with ids from 1.
class RecorderWorld {
 public:
  explicit RecorderWorld(int count, WorldOptions options = {}) : world(std::move(options)) {
    for (int i = 1; i <= count; ++i) {
      const NodeId id(static_cast<uint64_t>(i));
      Recording& recording = recordings[id];
      world.AddNode(id, [this, &recording](Runtime& r) { return std::make_unique<RecorderNode>(r, world, recording); },
                    {.has_engine = false});
    }
    world.BootAll();
  }
  void Send(NodeId from, NodeId to, const std::string& message) {
    world.RunInNode(from, [&](Runtime& r) { r.network.Send(Endpoint{to, 0}, Channel::kRpc, message); });
  }
  std::vector<std::string> Arrived(NodeId at) const {
    std::vector<std::string> messages;
    for (const auto& arrival : recordings.at(at).arrivals) messages.push_back(arrival.message);
    return messages;
  }

  std::map<NodeId, Recording> recordings;
  World world;
};

}  // namespace orrery::sim
