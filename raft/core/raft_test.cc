#include "raft/core/raft.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <vector>

#include "raft/core/model/model_node.h"

namespace orrery::raft {
namespace {

ConfState Voters(std::initializer_list<uint64_t> peers) {
  ConfState conf;
  for (const uint64_t peer : peers) conf.members.push_back(Member{PeerId(peer), MemberRole::kVoter, {}});
  return conf;
}

/// Every message arrives, every write is stored at once.
struct Group {
  RaftOptions options;
  GroupOracle oracle;
  std::vector<std::unique_ptr<ModelNode>> nodes;
  std::vector<Message> wire;

  explicit Group(std::initializer_list<uint64_t> peers) {
    for (const uint64_t peer : peers) {
      nodes.push_back(std::make_unique<ModelNode>(PeerId(peer), options, BootstrapState(Voters(peers)), peer, &oracle));
    }
  }
  ModelNode& node(uint64_t peer) { return *nodes[peer - 1]; }
  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& node : nodes) {
        node->Pump(wire);
        node->Persist(100, wire);
        node->taken.clear();
        REQUIRE(node->Check().ToString() == "OK");
      }
      std::vector<Message> arriving = std::exchange(wire, {});
      for (const Message& message : arriving) {
        node(message.to.value()).raft().Step(message).IgnoreError();
        busy = true;
      }
      for (auto& node : nodes) busy = busy || node->raft().HasReady();
    }
  }
};

TEST_CASE("Raft: three peers elect the one that campaigns, and it replicates") {
  Group group({1, 2, 3});
  REQUIRE(group.node(1).raft().Campaign().ok());
  group.Settle();
  CHECK(group.node(1).raft().role() == Role::kLeader);
  const Result<LogIndex> index = group.node(1).raft().Propose(Payload("x"));
  REQUIRE(index.ok());
  group.Settle();
  for (auto& node : group.nodes) CHECK(node->disk().applied() == *index);
}

TEST_CASE("Raft: a group of one commits only what is stored") {
  Group group({1});
  ModelNode& node = group.node(1);
  REQUIRE(node.raft().Campaign().ok());
  std::vector<Message> out;
  node.Pump(out);
  CHECK(node.raft().role() == Role::kCandidate);  // Its own vote is not durable yet.
  node.Persist(1, out);
  CHECK(node.raft().role() == Role::kLeader);
  node.Pump(out);
  CHECK(node.raft().commit() == kBootstrapIndex);
  node.Persist(1, out);
  CHECK(node.raft().commit() == kBootstrapIndex.Next());
  CHECK(out.empty());
}

}  // namespace
}  // namespace orrery::raft
