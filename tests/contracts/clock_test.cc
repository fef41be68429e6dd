#include "runtime/clock.h"

#include <doctest/doctest.h>

#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "tests/contracts/contract_world.h"

namespace orrery {
namespace {

TEST_CASE("Clock: Now stands still while a turn runs, FreshNow never goes back") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    const Instant now = runtime.clock.Now();
    Instant fresh = runtime.clock.FreshNow();
    CHECK(fresh >= now);
    for (int i = 0; i < 100'000; ++i) {
      const Instant later = runtime.clock.FreshNow();
      if (later < fresh) FAIL("FreshNow went back");
      fresh = later;
    }
    CHECK(runtime.clock.Now() == now);
    CHECK(runtime.scheduler.now() == now);
  });
}

TEST_CASE("Clock: time goes on over turns, and by at least the span slept") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    Instant before = runtime.clock.Now();
    for (int i = 0; i < 1000; ++i) {
      runtime.scheduler.Yield();
      if (runtime.clock.Now() < before) FAIL("Now went back");
      before = runtime.clock.Now();
    }
    for (const Duration span : {Duration(1), Duration(milliseconds(1)), Duration(milliseconds(30))}) {
      const Instant start = runtime.clock.Now();
      const WallTime wall = runtime.clock.WallNow();
      runtime.scheduler.SleepFor(span);
      CHECK(runtime.clock.Now() - start >= span);
      CHECK(runtime.clock.Now() - start < seconds(20));
      CHECK(runtime.clock.WallNow() >= wall);
    }
  });
}

TEST_CASE("Clock: sleepers wake in the order of their times, not of their going to sleep") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    std::vector<int> woken;
    std::vector<Task> sleepers;
    for (const int span : {40, 10, 30, 20}) {
      sleepers.push_back(runtime.domain.Spawn({"sleeper", static_cast<uint64_t>(span)}, [&runtime, &woken, span] {
        runtime.scheduler.SleepFor(milliseconds(span));
        woken.push_back(span);
      }));
    }
    for (Task& sleeper : sleepers) sleeper.Join();
    CHECK(woken == std::vector<int>{10, 20, 30, 40});
  });
}

TEST_CASE("Clock: a sleep until the past or the present lets others run and returns") {
  const auto world = ContractWorld::Make(1);
  world->Run(1, [](Runtime& runtime) {
    bool other_ran = false;
    const Task other = runtime.domain.Spawn("other", [&] { other_ran = true; });
    runtime.scheduler.SleepUntil(Instant::Min());
    runtime.scheduler.SleepUntil(runtime.clock.Now());
    runtime.scheduler.Yield();
    CHECK(other_ran);
  });
}

}  // namespace
}  // namespace orrery
