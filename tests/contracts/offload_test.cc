#include "runtime/offload.h"

#include <doctest/doctest.h>

#include <atomic>

#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

TEST_CASE("Offload: Run returns when the job has run, off every fiber") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    for (const Lane lane : {Lane::kCommit, Lane::kRead, Lane::kBackground}) {
      int answer = 0;
      runtime.offload.Run(lane, [&] { answer = Fiber::Current() == nullptr ? 42 : 0; });
      CHECK(answer == 42);
    }
  });
}

TEST_CASE("Offload: jobs of one lane run one after the other, in order, for however many fibers") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    std::vector<int> asked;
    std::vector<int> ran;
    std::vector<Task> tasks;
    for (int i = 0; i < 100; ++i) {
      tasks.push_back(runtime.domain.Spawn({"worker", static_cast<uint64_t>(i)}, [&, i] {
        for (int turn = 0; turn < 10; ++turn) {
          asked.push_back(i);
          runtime.offload.Run(Lane::kCommit, [&, i] { ran.push_back(i); });
        }
      }));
    }
    for (Task& task : tasks) task.Join();
    CHECK(ran.size() == 1000);
    CHECK(ran == asked);
  });
}

TEST_CASE("Offload: the loop goes on while a job is under way") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    int turns_of_others = 0;
    bool stop = false;
    Task other = runtime.domain.Spawn("other", [&] {
      while (!stop) {
        ++turns_of_others;
        runtime.scheduler.SleepFor(Duration(1));
      }
    });
    for (int i = 0; i < 50; ++i) runtime.offload.Run(Lane::kRead, [] {});
    stop = true;
    other.Join();
    CHECK(turns_of_others > 1);
  });
}

TEST_CASE("Offload: a cancelled fiber first gets its answer, and is cancelled at its next wait") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    bool ran = false;
    bool answered = false;
    bool went_on = false;
    Task worker = runtime.domain.Spawn("worker", [&] {
      runtime.offload.Run(Lane::kRead, [&] { ran = true; });
      answered = true;
      runtime.scheduler.SleepFor(hours(1));
      went_on = true;
    });
    runtime.scheduler.Yield();
    worker.Cancel();
    worker.Join();
    CHECK(ran);
    CHECK(answered);
    CHECK(!went_on);
  });
}

TEST_CASE("Offload: a node killed at any moment never leaves a job behind that touches a dead frame") {
  const auto world = ContractWorld::Make(1);
  for (int round = 0; round < 20; ++round) {
    const auto frames = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 10; ++i) {
      world->Start(1, [frames, i](Runtime& runtime) {
        struct Frame {
          explicit Frame(std::atomic<int>& alive) : count(alive) { ++count; }
          ~Frame() { --count; }
          std::atomic<int>& count;
          bool valid = true;
        } frame(*frames);
        while (true) runtime.offload.Run(static_cast<Lane>(i % kLaneCount), [&] { CHECK(frame.valid); });
      });
    }
    REQUIRE(world->Await(1, [&] { return *frames == 10; }));
    world->Kill(1);
    CHECK(*frames == 0);
    world->Boot(1);
  }
}

}  // namespace
}  // namespace orrery
