// How fast the core is by itself. Skipped unless asked for:
//   orrery_raft_core_test --no-skip --test-case="Raft bench*"
#include <doctest/doctest.h>

#include <chrono>

#include "raft/core/model/test_group.h"

namespace orrery::raft {
namespace {

TEST_CASE("Raft bench: proposals per second through three peers, all in one thread, every step in memory" *
          doctest::skip()) {
  RaftOptions options;
  std::vector<std::unique_ptr<ModelNode>> nodes;
  for (uint64_t i = 1; i <= 3; ++i) {
    nodes.push_back(std::make_unique<ModelNode>(PeerId(i), options, BootstrapState(Voters(3)), i, nullptr));
  }
  std::vector<Message> wire;
  const auto settle = [&] {
    for (bool moved = true; moved;) {
      for (auto& node : nodes) {
        node->Pump(wire);
        node->Persist(1000, wire);
        node->taken.clear();
      }
      std::vector<Message> arriving = std::exchange(wire, {});
      moved = !arriving.empty();
      for (const Message& message : arriving) nodes[message.to.value() - 1]->raft().Step(message).IgnoreError();
    }
  };
  REQUIRE(nodes[0]->raft().Campaign().ok());
  settle();
  constexpr int kBatches = 2000;
  constexpr int kPerBatch = 64;
  const Payload command(std::string(256, 'x'));
  const auto start = std::chrono::steady_clock::now();
  for (int batch = 0; batch < kBatches; ++batch) {
    for (int i = 0; i < kPerBatch; ++i) REQUIRE(nodes[0]->raft().Propose(command).ok());
    settle();
    for (auto& node : nodes) node->disk().Compact(node->disk().applied());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(nodes[0]->raft().commit() == LogIndex(2 + kBatches * kPerBatch));
  MESSAGE(static_cast<uint64_t>(kBatches * kPerBatch / seconds) << " proposals/s of 256 bytes, 64 a batch");
}

}  // namespace
}  // namespace orrery::raft
