#include "runtime/network.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/address_book.h"
#include "runtime/base/random.h"
#include "runtime/fiber/scheduler.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

constexpr NodeId kOne(1);
constexpr NodeId kTwo(2);

/// Listens on all channels of its node and notes what comes.
class Inbox final : public Receiver {
 public:
  explicit Inbox(Network& network) : network_(network) {
    for (const Channel channel : kChannels) network_.Listen(channel, this);
  }
  void OnMessage(Endpoint from, Bytes message) override {
    if (message.starts_with("ping")) network_.Send(from, Channel::kRpc, "pong" + message.substr(4));
    senders.push_back(from);
    messages.push_back(std::move(message));
  }
  void OnDisconnect(Endpoint peer) override { disconnects.push_back(peer); }
  void OnConnectFailed(Endpoint peer) override { failures.push_back(peer); }

  static constexpr Channel kChannels[] = {Channel::kRpc, Channel::kRaft, Channel::kSnapshot};
  std::vector<Endpoint> senders;
  std::vector<Bytes> messages;
  std::vector<Endpoint> disconnects;
  std::vector<Endpoint> failures;

 private:
  Network& network_;
};

/// Two nodes with an inbox each. An inbox lives as long as the test, so a rebooted node gets a new one.
struct Pair {
  explicit Pair(int nodes = 2) : world(ContractWorld::Make(nodes)) {
    for (int node = 1; node <= nodes; ++node) Open(node);
  }
  void Open(int node) {
    inboxes.resize(std::max(inboxes.size(), static_cast<size_t>(node) + 1));
    world->Call(
        node, [&](Runtime& runtime) { inboxes[static_cast<size_t>(node)] = std::make_shared<Inbox>(runtime.network); });
  }
  Inbox& In(int node) { return *inboxes[static_cast<size_t>(node)]; }
  void Send(int from, NodeId to, Bytes message, Channel channel = Channel::kRaft) {
    world->Call(from, [&](Runtime& runtime) { runtime.network.Send({to}, channel, std::move(message)); });
  }

  std::vector<std::shared_ptr<Inbox>> inboxes;
  std::unique_ptr<ContractWorld> world;
};

TEST_CASE("Network: messages of one pair arrive first-in first-out across channels, whole, with their sender") {
  Pair pair;
  Random random(5);
  std::vector<Bytes> sent;
  for (int i = 0; i < 2000; ++i) {
    Bytes message = "message " + std::to_string(i) + " ";
    random.Fill(message, random.Skewed(30'000));
    sent.push_back(std::move(message));
  }
  for (size_t start = 0; start < sent.size(); start += 100) {
    pair.world->Call(1, [&](Runtime& runtime) {
      for (size_t i = start; i < start + 100; ++i) runtime.network.Send({kTwo}, Inbox::kChannels[i % 3], sent[i]);
    });
  }
  REQUIRE(pair.world->Await(2, [&] { return pair.In(2).messages.size() == sent.size(); }));
  CHECK(pair.In(2).messages == sent);
  CHECK(pair.In(2).senders == std::vector<Endpoint>(sent.size(), Endpoint{kOne}));
}

TEST_CASE("Network: empty and very large messages") {
  Pair pair;
  const Bytes large(kMessageBytesMax, 'x');
  pair.Send(1, kTwo, "");
  REQUIRE(pair.world->Await(2, [&] { return pair.In(2).messages.size() == 1; }));
  pair.Send(1, kTwo, large);
  REQUIRE(pair.world->Await(2, [&] { return pair.In(2).messages.size() == 2; }));
  CHECK(pair.In(2).messages[0].empty());
  CHECK((pair.In(2).messages[1] == large));
}

TEST_CASE("Network: a receiver may answer at once; both directions at the same time") {
  Pair pair;
  for (int i = 0; i < 200; ++i) {
    pair.Send(1, kTwo, "ping" + std::to_string(i));
    pair.Send(2, kOne, "ping" + std::to_string(i));
  }
  for (const int node : {1, 2}) {
    REQUIRE(pair.world->Await(node, [&] { return pair.In(node).messages.size() == 400; }));
    CHECK(std::count(pair.In(node).messages.begin(), pair.In(node).messages.end(), "pong199") == 1);
    CHECK(pair.In(node).disconnects.empty());
  }
}

TEST_CASE("Network: a message to oneself arrives, but not inside Send") {
  Pair pair;
  pair.world->Call(1, [&](Runtime& runtime) {
    CHECK(runtime.network.self() == Endpoint{kOne});
    runtime.network.Send({kOne}, Channel::kRpc, "a note to myself");
    CHECK(pair.In(1).messages.empty());
  });
  CHECK(pair.world->Await(1, [&] { return pair.In(1).messages == std::vector<Bytes>{"a note to myself"}; }));
}

TEST_CASE("Network: channels without a receiver lose their messages, the others do not") {
  Pair pair;
  pair.world->Call(2, [&](Runtime& runtime) { runtime.network.Listen(Channel::kSnapshot, nullptr); });
  pair.Send(1, kTwo, "into the void", Channel::kSnapshot);
  pair.Send(1, kTwo, "heard", Channel::kRaft);
  CHECK(pair.world->Await(2, [&] { return pair.In(2).messages == std::vector<Bytes>{"heard"}; }));
}

TEST_CASE("Network: what was queued is handed over, and the queue is empty again") {
  Pair pair;
  pair.world->Call(1, [&](Runtime& runtime) {
    CHECK(runtime.network.QueuedBytes({kTwo}) == 0);
    for (int i = 0; i < 10; ++i) runtime.network.Send({kTwo}, Channel::kRaft, Bytes(1000, 'x'));
  });
  REQUIRE(pair.world->Await(2, [&] { return pair.In(2).messages.size() == 10; }));
  pair.world->Call(1, [&](Runtime& runtime) { CHECK(runtime.network.QueuedBytes({kTwo}) == 0); });
}

TEST_CASE("Network: a node nobody knows cannot be reached, and its sender is told that nothing left") {
  Pair pair;
  pair.Send(1, NodeId(77), "hello?");
  CHECK(pair.world->Await(1, [&] { return pair.In(1).failures == std::vector<Endpoint>{{NodeId(77)}}; }));
  CHECK(pair.In(1).disconnects.empty());
}

TEST_CASE("Network: the end of a peer is told; its next life is reached in a new epoch") {
  Pair pair;
  pair.Send(1, kTwo, "first life");
  REQUIRE(pair.world->Await(2, [&] { return pair.In(2).messages.size() == 1; }));
  pair.world->Kill(2);
  REQUIRE(pair.world->Await(1, [&] { return pair.In(1).disconnects == std::vector<Endpoint>{{kTwo}}; }));
  pair.Send(1, kTwo, "to a dead node");
  REQUIRE(pair.world->Await(1, [&] { return pair.In(1).failures.size() + pair.In(1).disconnects.size() >= 2; }));
  pair.world->Boot(2);
  pair.Open(2);
  // Attempts are dropped while the network backs off, and told; so go on trying, as every sender must.
  bool arrived = false;
  for (int attempt = 0; attempt < 1000 && !arrived; ++attempt) {
    pair.Send(1, kTwo, "second life");
    pair.world->Run(1, [](Runtime& runtime) { runtime.scheduler.SleepFor(milliseconds(20)); });
    pair.world->Call(2, [&](Runtime&) { arrived = !pair.In(2).messages.empty(); });
  }
  REQUIRE(arrived);
  CHECK(pair.In(2).messages.front() == "second life");
}

TEST_CASE("Network: across the death of the receiver only a suffix is lost, in each life") {
  Pair pair;
  uint64_t next = 0;
  for (int life = 0; life < 3; ++life) {
    // Numbers go out until some have arrived in this life; then the receiver dies in the middle of more.
    for (int i = 0; i < 5000; ++i) {
      pair.Send(1, kTwo, std::to_string(next++));
      bool some = false;
      pair.world->Run(1, [](Runtime& runtime) { runtime.scheduler.SleepFor(milliseconds(2)); });
      pair.world->Call(2, [&](Runtime&) { some = pair.In(2).messages.size() > 20; });
      if (some) break;
    }
    REQUIRE(pair.world->Await(2, [&] { return pair.In(2).messages.size() > 20; }));
    pair.world->Call(1, [&](Runtime& runtime) {
      for (int i = 0; i < 500; ++i) runtime.network.Send({kTwo}, Channel::kRpc, std::to_string(next++));
    });
    pair.world->Kill(2);
    const std::vector<Bytes> got = pair.In(2).messages;
    for (size_t i = 1; i < got.size(); ++i) CHECK(std::stoull(got[i]) == std::stoull(got[i - 1]) + 1);
    pair.world->Boot(2);
    pair.Open(2);
  }
}

}  // namespace
}  // namespace orrery
