// Figures, not checks; skipped unless asked for:
//   build/release/orrery_fiber_test -tc="Bench*" -ns

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <limits>

#include "runtime/fiber/test_loop.h"

namespace orrery {
namespace {

/// The least of several runs of `body`, in nanoseconds per operation.
template <class F>
double NanosPerOperation(size_t operations, F&& body) {
  double least = std::numeric_limits<double>::max();
  for (int run = 0; run < 7; ++run) {
    const auto start = std::chrono::steady_clock::now();
    body();
    const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    least = std::min(least, spent.count() / static_cast<double>(operations));
  }
  return least;
}

void Report(const char* what, double nanos) {
  std::printf("%-58s %8.1f ns\n", what, nanos);
}

double YieldAmong(size_t fibers, SchedulePolicy* policy) {
  TestLoop loop(policy);
  const size_t rounds = 2000000 / fibers;
  return NanosPerOperation(fibers * rounds, [&] {
    TaskGroup group(loop.domain, "crowd", fibers);
    for (uint64_t i = 0; i < fibers; ++i) {
      if (!group.TrySpawn({"yielder", i}, [&] {
            for (size_t n = 0; n < rounds; ++n) loop.scheduler.Yield();
          }))
        return;
    }
    while (loop.scheduler.HasReady()) loop.scheduler.RunReady();
  });
}

TEST_CASE("Bench: switching" * doctest::skip()) {
  SeededPolicy policy(1);
  Report("yield, 1 fiber", YieldAmong(1, nullptr));
  Report("yield, 2 fibers", YieldAmong(2, nullptr));
  Report("yield, 1000 fibers", YieldAmong(1000, nullptr));
  Report("yield, 10000 fibers", YieldAmong(10000, nullptr));
  Report("yield, 1000 fibers, seeded policy", YieldAmong(1000, &policy));
}

TEST_CASE("Bench: spawn, wake, sleep, main-stack calls, kill" * doctest::skip()) {
  constexpr size_t kCount = 500000;
  TestLoop loop;
  TaskGroup group(loop.domain, "group", 20000);
  size_t ran = 0;
  Report("spawn, run, end (TaskGroup)", NanosPerOperation(kCount, [&] {
           for (size_t i = 0; i < kCount; ++i) {
             if (!group.TrySpawn({"short", i}, [&] { ++ran; })) return;
             loop.scheduler.RunReady();
           }
         }));
  WaitQueue queue;
  Task waiter = loop.domain.Spawn("waiter", [&] {
    for (;;) queue.Wait();
  });
  loop.scheduler.RunReady();
  Report("notify, run, wait again", NanosPerOperation(kCount, [&] {
           for (size_t i = 0; i < kCount; ++i) {
             queue.NotifyOne();
             loop.scheduler.RunReady();
           }
         }));
  Report("call on the main stack", NanosPerOperation(kCount, [&] {
           Task task = loop.domain.Spawn("caller", [&] {
             for (size_t i = 0; i < kCount; ++i) ran += Scheduler::CallOnMainStack([&] { return i & 1; });
           });
           loop.scheduler.RunReady();
         }));
  for (uint64_t i = 0; i < 1000; ++i) {
    REQUIRE(group.TrySpawn({"sleeper", i}, [&, i] {
      for (;;) loop.scheduler.SleepFor(Duration(static_cast<int64_t>(1000 + i)));
    }));
  }
  loop.Turn();
  Report("sleep, among 1000 sleepers", NanosPerOperation(kCount, [&] {
           for (size_t i = 0; i < kCount;) {
             loop.now = loop.scheduler.NextTimer();
             loop.scheduler.FireTimers(loop.now);
             i += loop.scheduler.RunReady();
           }
         }));
  Report("kill of a waiting fiber (with its spawn)", NanosPerOperation(10000, [&] {
           for (uint64_t i = 0; i < 10000; ++i) {
             Task task = loop.domain.Spawn({"victim", i}, [&] { queue.Wait(); });
             loop.scheduler.RunReady();
           }
         }));
  CHECK(ran > 0);
}

}  // namespace
}  // namespace orrery
