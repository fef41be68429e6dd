#include "runtime/fiber/scheduler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "runtime/fiber/completion.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/test_loop.h"
#include "runtime/fiber/timer.h"

namespace orrery {
namespace {

using Trace = std::vector<std::string>;

TEST_CASE("Scheduler: without a policy fibers run in the order in which they became ready") {
  TestLoop loop;
  Trace trace;
  Task a = loop.domain.Spawn("a", [&] {
    trace.push_back("a1");
    loop.scheduler.Yield();
    trace.push_back("a2");
  });
  Task b = loop.domain.Spawn("b", [&] { trace.push_back("b1"); });
  CHECK(loop.scheduler.HasReady());
  CHECK(loop.scheduler.RunReady() == 2);
  CHECK(trace == Trace{"a1", "b1"});
  CHECK(loop.scheduler.HasReady());  // What yielded waits for the next turn.
  CHECK(loop.scheduler.RunReady() == 1);
  CHECK(trace == Trace{"a1", "b1", "a2"});
  CHECK_FALSE(a.running());
  CHECK_FALSE(loop.scheduler.HasReady());
}

TEST_CASE("Scheduler: RunReady stops after the given number of resumptions") {
  TestLoop loop;
  int ran = 0;
  TaskGroup group(loop.domain, "group", 5);
  for (uint64_t i = 0; i < 5; ++i) CHECK(group.TrySpawn({"t", i}, [&] { ++ran; }));
  CHECK(loop.scheduler.RunReady(3) == 3);
  CHECK(ran == 3);
  CHECK(loop.scheduler.HasReady());
  loop.Run();
  CHECK(ran == 5);
}

Trace OrderUnder(SchedulePolicy* policy, bool reversed) {
  TestLoop loop(policy);
  Trace trace;
  std::vector<Task> tasks;
  std::vector<uint64_t> keys{0, 1, 2, 3, 4, 5, 6, 7};
  if (reversed) std::reverse(keys.begin(), keys.end());
  for (const uint64_t key : keys) {
    tasks.push_back(loop.domain.Spawn({"worker", key}, [&trace, &loop, key] {
      for (int step = 0; step < 3; ++step) {
        trace.push_back(std::to_string(key) + "." + std::to_string(step));
        loop.scheduler.Yield();
      }
    }));
  }
  loop.Run();
  return trace;
}

TEST_CASE("Scheduler: under a policy the order depends on names, not on the order of creation") {
  SeededPolicy one(1);
  SeededPolicy two(2);
  const Trace order = OrderUnder(&one, false);
  CHECK(order.size() == 24);
  CHECK(order == OrderUnder(&one, false));
  CHECK(order == OrderUnder(&one, true));
  CHECK(order != OrderUnder(&two, false));
  CHECK(OrderUnder(nullptr, false) != OrderUnder(nullptr, true));
}

TEST_CASE("Fiber: its name comes from its parent's, its role and its key") {
  TestLoop loop;
  uint64_t inner = 0;
  uint64_t outer = 0;
  loop.Run([&] {
    outer = Fiber::Current()->name_hash();
    Task child = loop.domain.Spawn({"child", 7}, [&] { inner = Fiber::Current()->name_hash(); });
    child.Join();
  });
  CHECK(loop.ended);
  CHECK(outer == ChildNameHash(loop.domain.name_hash(), "test"));
  CHECK(inner == ChildNameHash(outer, {"child", 7}));
  CHECK(inner != ChildNameHash(outer, {"child", 8}));
}

TEST_CASE("Scheduler: sleepers wake in the order of time, then of falling asleep") {
  TestLoop loop;
  Trace trace;
  std::vector<Task> tasks;
  const std::vector<int64_t> spans{30, 10, 20, 10, 30, 10};
  for (size_t i = 0; i < spans.size(); ++i) {
    tasks.push_back(loop.domain.Spawn({"sleeper", i}, [&, i] {
      loop.scheduler.SleepFor(Duration(spans[i]));
      trace.push_back(std::to_string(spans[i]) + "#" + std::to_string(i));
    }));
  }
  loop.scheduler.RunReady();
  CHECK(loop.scheduler.NextTimer() == loop.now + Duration(10));
  loop.Run();
  CHECK(trace == Trace{"10#1", "10#3", "10#5", "20#2", "30#0", "30#4"});
  CHECK(loop.scheduler.NextTimer() == Instant::Max());
}

TEST_CASE("Scheduler: a sleep until the past still lets others run") {
  TestLoop loop;
  Trace trace;
  Task a = loop.domain.Spawn("a", [&] {
    loop.scheduler.SleepUntil(Instant::FromNanos(0));
    trace.push_back("a");
  });
  Task b = loop.domain.Spawn("b", [&] { trace.push_back("b"); });
  loop.Run();
  CHECK(trace == Trace{"b", "a"});
}

TEST_CASE("Timer: calls back on the main stack, may arm itself again, and can be disarmed") {
  TestLoop loop;
  int fired = 0;
  Timer* self = nullptr;
  Timer timer(loop.scheduler, [&] {
    CHECK(Fiber::Current() == nullptr);
    if (++fired < 3) self->Arm(Instant::FromNanos(0));  // Already due: not before the next FireTimers.
  });
  self = &timer;
  timer.Arm(loop.now + Duration(5));
  loop.now += Duration(5);
  loop.scheduler.FireTimers(loop.now);
  CHECK(fired == 1);
  CHECK(timer.armed());
  loop.Run();
  CHECK(fired == 3);
  timer.Arm(loop.now + Duration(5));
  timer.Disarm();
  loop.Run();
  CHECK(fired == 3);
}

TEST_CASE("CallOnMainStack: runs at once, returns values, carries exceptions over, and is a plain call outside") {
  TestLoop loop;
  bool other_ran = false;
  Task other;
  loop.Run([&] {
    other = loop.domain.Spawn("other", [&] { other_ran = true; });
    const Fiber* caller = Fiber::Current();
    const std::string text = Scheduler::CallOnMainStack([&] {
      CHECK(Fiber::Current() == nullptr);
      CHECK(Scheduler::CallOnMainStack([] { return 5; }) == 5);
      return std::string("from the main stack");
    });
    CHECK(text == "from the main stack");
    CHECK(Fiber::Current() == caller);
    CHECK_THROWS_AS(Scheduler::CallOnMainStack([] { throw std::runtime_error("down there"); }), std::runtime_error);
    CHECK_FALSE(other_ran);
  });
  CHECK(loop.ended);
  CHECK(other_ran);
  CHECK(Scheduler::CallOnMainStack([] { return 6; }) == 6);
}

TEST_CASE("CallOnMainStack: has far more stack than a fiber") {
  TestLoop loop;
  size_t sum = 0;
  loop.Run([&] {
    sum = Scheduler::CallOnMainStack([] {
      volatile char large[size_t{1} << 20];
      for (size_t i = 0; i < sizeof(large); i += 4096) large[i] = 1;
      size_t total = 0;
      for (size_t i = 0; i < sizeof(large); i += 4096) total += static_cast<size_t>(large[i]);
      return total;
    });
  });
  CHECK(sum == 256);
}

TEST_CASE("Exceptions: a fiber that waits inside a catch block keeps its own exception") {
  TestLoop loop;
  Trace trace;
  std::vector<Task> tasks;
  for (uint64_t i = 0; i < 4; ++i) {
    tasks.push_back(loop.domain.Spawn({"thrower", i}, [&, i] {
      try {
        try {
          throw std::runtime_error("of " + std::to_string(i));
        } catch (const std::exception&) {
          CHECK(std::uncaught_exceptions() == 0);
          // Leaves in another order than it came.
          loop.scheduler.SleepFor(Duration(static_cast<int64_t>(10 - 2 * i)));
          throw;
        }
      } catch (const std::runtime_error& error) {
        trace.push_back(error.what());
      }
    }));
  }
  loop.Run();
  CHECK(trace == Trace{"of 3", "of 2", "of 1", "of 0"});
}

TEST_CASE("Exceptions: the main stack may handle one while fibers throw their own") {
  TestLoop loop;
  std::string caught;
  try {
    throw std::runtime_error("main");
  } catch (...) {
    loop.Run([&] {
      CHECK_FALSE(static_cast<bool>(std::current_exception()));
      try {
        throw std::runtime_error("fiber");
      } catch (const std::exception& error) {
        loop.scheduler.Yield();
        caught = error.what();
      }
    });
    CHECK_THROWS_WITH(std::rethrow_exception(std::current_exception()), "main");
  }
  CHECK(caught == "fiber");
}

TEST_CASE("Fiber: floating point work does not disturb others, nor is it disturbed") {
  TestLoop loop;
  double sums[2] = {0, 0};
  std::vector<Task> tasks;
  for (uint64_t i = 0; i < 2; ++i) {
    tasks.push_back(loop.domain.Spawn({"adder", i}, [&, i] {
      for (int n = 1; n <= 100; ++n) {
        sums[i] += 1.0 / (n + static_cast<int>(i));
        loop.scheduler.Yield();
      }
    }));
  }
  loop.Run();
  double expected = 0;
  for (int n = 1; n <= 100; ++n) expected += 1.0 / n;
  CHECK(sums[0] == expected);
  CHECK(sums[1] < expected);
}

TEST_CASE("Scheduler: ten thousand fibers wait, wake and end") {
  TestLoop loop;
  int woken = 0;
  WaitQueue queue;
  TaskGroup group(loop.domain, "crowd", 10000);
  for (uint64_t i = 0; i < 10000; ++i) {
    CHECK(group.TrySpawn({"one", i}, [&] {
      queue.Wait();
      loop.scheduler.SleepFor(Duration(5));
      ++woken;
    }));
  }
  CHECK(loop.scheduler.RunReady() == 10000);
  CHECK(loop.stacks.live() == 10000);
  queue.NotifyAll();
  loop.Run();
  CHECK(woken == 10000);
  CHECK(group.count() == 0);
  CHECK(loop.stacks.live() == 0);
}

TEST_CASE("StackPool: schedulers of one thread share stacks, and free stacks are used again") {
  StackPool stacks;
  Scheduler one(stacks);
  Scheduler two(stacks);
  Domain first(one, "first");
  Domain second(two, "second");
  const char* low = nullptr;
  {
    Task task = first.Spawn("a", [&] { low = static_cast<const char*>(__builtin_frame_address(0)); });
    CHECK(stacks.live() == 1);
    one.RunReady();
    CHECK(stacks.live() == 0);
  }
  const char* again = nullptr;
  Task task = second.Spawn("a", [&] { again = static_cast<const char*>(__builtin_frame_address(0)); });
  two.RunReady();
  CHECK(low != nullptr);
  CHECK(again == low);
  stacks.Trim();
}

TEST_CASE("Scheduler: loops of two threads do not touch each other") {
  const auto work = [](size_t* rounds) {
    TestLoop loop;
    WaitQueue queue;
    TaskGroup group(loop.domain, "group", 10);
    for (uint64_t i = 0; i < 10; ++i) {
      if (!group.TrySpawn({"worker", i}, [&] {
            for (int n = 0; n < 100; ++n) {
              loop.scheduler.SleepFor(Duration(n % 7));
              try {
                throw std::runtime_error("passing");
              } catch (const std::exception&) {
                loop.scheduler.Yield();
              }
              ++*rounds;
            }
          }))
        return;
    }
    loop.Run();
  };
  size_t rounds[2] = {0, 0};
  std::thread other(work, &rounds[1]);
  work(&rounds[0]);
  other.join();
  CHECK(rounds[0] == 1000);
  CHECK(rounds[1] == 1000);
}

TEST_CASE("DumpFibers: says who waits where") {
  TestLoop loop;
  Mutex mutex;
  Task holder = loop.domain.Spawn({"holder", 4}, [&] {
    const MutexLock lock(mutex);
    loop.scheduler.SleepFor(seconds(1));
  });
  Task waiter = loop.domain.Spawn("waiter", [&] { const MutexLock lock(mutex); });
  Task fresh;
  loop.scheduler.RunReady();
  fresh = loop.domain.Spawn("fresh", [] {});
  const std::string dump = loop.scheduler.DumpFibers();
  CHECK(dump.find("fiber holder/4") != std::string::npos);
  CHECK(dump.find("waits in sleep") != std::string::npos);
  CHECK(dump.find("waits in mutex") != std::string::npos);
  CHECK(dump.find("ready, last in start") != std::string::npos);
  loop.Run();  // Asking has not disturbed them.
  CHECK_FALSE(waiter.running());
}

}  // namespace
}  // namespace orrery
