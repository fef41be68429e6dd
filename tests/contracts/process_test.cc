#include "runtime/process.h"

#include <doctest/doctest.h>

#include <atomic>

#include "runtime/disk.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/network.h"
#include "runtime/offload.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

TEST_CASE("Process: the first reason to end counts, and fibers are unwound") {
  const auto world = ContractWorld::Make(1);
  const auto unwound = std::make_shared<std::atomic<int>>(0);
  struct Guard {
    ~Guard() { ++*count; }
    std::shared_ptr<std::atomic<int>> count;
  };
  world->Start(1, [unwound](Runtime& runtime) {
    const Guard guard{unwound};
    runtime.scheduler.SleepFor(hours(1));
  });
  world->Start(1, [unwound](Runtime& runtime) {
    const Guard guard{unwound};
    runtime.process.Exit(Status(StatusCode::kIoError, "the disk is gone"));
    runtime.process.Exit(Status::Ok());
    runtime.scheduler.SleepFor(hours(1));
  });
  CHECK(world->AwaitExit(1) == Status(StatusCode::kIoError, "the disk is gone"));
  CHECK(*unwound == 2);
}

TEST_CASE("Process: a node may end from an offloaded job") {
  const auto world = ContractWorld::Make(1);
  world->Start(1, [](Runtime& runtime) {
    runtime.offload.Run(Lane::kCommit, [&] { runtime.process.Exit(Status(StatusCode::kNoSpace, "full")); });
  });
  CHECK(world->AwaitExit(1) == Status(StatusCode::kNoSpace, "full"));
}

TEST_CASE("Process: after Exit nothing has an outside effect") {
  const auto world = ContractWorld::Make(2);
  struct Listener final : Receiver {
    void OnMessage(Endpoint, Bytes message) override { messages.push_back(std::move(message)); }
    void OnDisconnect(Endpoint) override { disconnected = true; }
    std::vector<Bytes> messages;
    bool disconnected = false;
  };
  const auto listener = std::make_shared<Listener>();
  world->Call(2, [&](Runtime& runtime) { runtime.network.Listen(Channel::kRaft, listener.get()); });
  world->Call(1, [](Runtime& runtime) { runtime.network.Send({NodeId(2)}, Channel::kRaft, "before"); });
  REQUIRE(world->Await(2, [&] { return listener->messages.size() == 1; }));
  world->Start(1, [](Runtime& runtime) {
    Status before;
    Status after;
    runtime.offload.Run(Lane::kBackground, [&] {
      before = runtime.disk.WriteFileDurably("before", "x");
      runtime.process.Exit(Status(StatusCode::kCorruption, "rot"));
      after = runtime.disk.WriteFileDurably("after", "x");
    });
    runtime.network.Send({NodeId(2)}, Channel::kRaft, "after");
    CHECK(before.ok());
    CHECK(!after.ok());
  });
  CHECK(world->AwaitExit(1).code() == StatusCode::kCorruption);
  REQUIRE(world->Await(2, [&] { return listener->disconnected; }));
  CHECK(listener->messages == std::vector<Bytes>{"before"});
  world->Boot(1);
  world->Run(1, [](Runtime& runtime) {
    runtime.offload.Run(Lane::kBackground, [&] {
      CHECK(*runtime.disk.Exists("before"));
      CHECK(!*runtime.disk.Exists("after"));
    });
  });
  world->Call(2, [](Runtime& runtime) { runtime.network.Listen(Channel::kRaft, nullptr); });
}

TEST_CASE("Process: a node that is asked to stop ends well") {
  const auto world = ContractWorld::Make(1);
  world->RequestStop(1);
  CHECK(world->AwaitExit(1).ok());
}

}  // namespace
}  // namespace orrery
