#include <doctest/doctest.h>

#include "runtime/fiber/bounded_channel.h"
#include "runtime/fiber/future.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/semaphore.h"
#include "runtime/fiber/test_loop.h"

namespace orrery {
namespace {

using Trace = std::vector<std::string>;

TEST_CASE("WaitQueue: wakes first come first served, from a fiber and from the main stack") {
  TestLoop loop;
  Trace trace;
  WaitQueue queue;
  std::vector<Task> tasks;
  for (const char* name : {"a", "b", "c"}) {
    tasks.push_back(loop.domain.Spawn("waiter", [&, name] {
      queue.Wait();
      trace.push_back(name);
      if (trace.size() == 2) CHECK(queue.NotifyOne());
    }));
  }
  CHECK_FALSE(queue.NotifyOne());  // Nobody waits yet, and nothing is remembered.
  loop.Run();
  CHECK(trace.empty());
  CHECK(queue.NotifyOne());
  CHECK(queue.NotifyOne());
  loop.Run();
  CHECK(trace == Trace{"a", "b", "c"});
}

TEST_CASE("WaitQueue: a deadline ends the wait, and a passed one does not suspend") {
  TestLoop loop;
  WaitQueue queue;
  loop.Run([&] {
    const Instant start = loop.scheduler.now();
    CHECK_FALSE(queue.WaitUntil(Deadline::At(start)));
    CHECK_FALSE(queue.WaitUntil(Deadline::After(start, Duration(50))));
    CHECK(loop.scheduler.now() == start + Duration(50));
    CHECK_FALSE(queue.HasWaiters());
    Task notifier = loop.domain.Spawn("notifier", [&] { queue.NotifyAll(); });
    CHECK(queue.WaitUntil(Deadline::After(start, seconds(1))));
    CHECK(loop.scheduler.now() == start + Duration(50));
  });
  CHECK(loop.ended);
  CHECK(loop.scheduler.NextTimer() == Instant::Max());
}

TEST_CASE("WaitQueue: who timed out does not swallow a later notification") {
  TestLoop loop;
  WaitQueue queue;
  int notified = 0;
  Task a = loop.domain.Spawn("a", [&] { CHECK_FALSE(queue.WaitUntil(Deadline::After(loop.now, Duration(5)))); });
  Task b = loop.domain.Spawn("b", [&] {
    queue.Wait();
    ++notified;
  });
  loop.scheduler.RunReady();
  loop.now += Duration(5);
  loop.scheduler.FireTimers(loop.now);  // a is awake but has not run.
  CHECK(queue.NotifyOne());
  loop.Run();
  CHECK(notified == 1);
}

TEST_CASE("Mutex: excludes, is fair, and a newcomer does not overtake") {
  TestLoop loop;
  Mutex mutex;
  Trace trace;
  std::vector<Task> tasks;
  for (const char* name : {"a", "b", "c"}) {
    tasks.push_back(loop.domain.Spawn("holder", [&, name] {
      for (int i = 0; i < 2; ++i) {
        const MutexLock lock(mutex);
        trace.push_back(std::string(name) + "+");
        loop.scheduler.SleepFor(Duration(1));
        trace.push_back(std::string(name) + "-");
      }
    }));
  }
  loop.Run();
  CHECK(trace == Trace{"a+", "a-", "b+", "b-", "c+", "c-", "a+", "a-", "b+", "b-", "c+", "c-"});
  CHECK_FALSE(mutex.locked());
}

TEST_CASE("Mutex: a waiter that times out or is cancelled does not hold it up") {
  TestLoop loop;
  Mutex mutex;
  bool got_it = false;
  loop.Run([&] {
    mutex.Lock();
    CHECK_FALSE(mutex.TryLock());
    Task patient = loop.domain.Spawn("patient", [&] { mutex.Lock(); });
    Task hasty =
        loop.domain.Spawn("hasty", [&] { CHECK_FALSE(mutex.LockUntil(Deadline::After(loop.now, Duration(3)))); });
    Task last = loop.domain.Spawn("last", [&] {
      const MutexLock lock(mutex);
      got_it = true;
    });
    loop.scheduler.SleepFor(Duration(10));
    mutex.Unlock();    // Hands it to `patient` ...
    patient.Cancel();  // ... who never takes it.
    last.Join();
  });
  CHECK(loop.ended);
  CHECK(got_it);
  CHECK_FALSE(mutex.locked());
}

TEST_CASE("Condition: waits for what it says") {
  TestLoop loop;
  Condition condition;
  int applied = 0;
  bool late = true;
  Task a = loop.domain.Spawn("a", [&] {
    condition.Await([&] { return applied >= 3; });
    CHECK(applied == 3);
    late = condition.AwaitUntil(Deadline::After(loop.now, Duration(2)), [&] { return applied >= 4; });
  });
  loop.Run();
  for (int i = 1; i <= 3; ++i) {
    applied = i;
    condition.NotifyAll();
    loop.Run();
  }
  CHECK_FALSE(a.running());
  CHECK_FALSE(late);
}

TEST_CASE("Semaphore: serves in order whatever is asked for") {
  TestLoop loop;
  Semaphore semaphore(3);
  Trace trace;
  const auto ask = [&](const char* name, size_t permits) {
    return loop.domain.Spawn("asker", [&, name, permits] {
      semaphore.Acquire(permits);
      trace.push_back(name);
    });
  };
  Task two = ask("two", 2);
  Task five = ask("five", 5);
  Task one = ask("one", 1);
  loop.Run();
  CHECK(trace == Trace{"two"});  // One permit is free, but it is five's turn.
  CHECK_FALSE(semaphore.TryAcquire());
  semaphore.Release(4);
  loop.Run();
  CHECK(trace == Trace{"two", "five"});
  semaphore.Release(1);
  loop.Run();
  CHECK(trace == Trace{"two", "five", "one"});
  CHECK(semaphore.available() == 0);
}

TEST_CASE("Semaphore: a waiter that goes away lets those behind it pass and gives back what it was granted") {
  TestLoop loop;
  Semaphore semaphore(1);
  Trace trace;
  Task big =
      loop.domain.Spawn("big", [&] { CHECK_FALSE(semaphore.AcquireUntil(Deadline::After(loop.now, Duration(5)), 9)); });
  Task small = loop.domain.Spawn("small", [&] {
    semaphore.Acquire(1);
    trace.push_back("small");
  });
  loop.scheduler.RunReady();
  CHECK(trace.empty());
  loop.Run();
  CHECK(trace == Trace{"small"});
  Task granted = loop.domain.Spawn("granted", [&] { semaphore.Acquire(2); });
  loop.Run();
  semaphore.Release(2);
  granted.Cancel();
  loop.Run();
  CHECK(semaphore.available() == 2);
}

TEST_CASE("Future: carries a value, an error, a broken promise, and outlasts a timeout") {
  TestLoop loop;
  loop.Run([&] {
    Promise<std::string> promise;
    Future<std::string> future = promise.GetFuture();
    CHECK_FALSE(future.ready());
    CHECK(future.Get(Deadline::After(loop.now, Duration(5))).code() == StatusCode::kTimeout);
    CHECK(future.valid());
    Task setter =
        loop.domain.Spawn("setter", [promise = std::move(promise)]() mutable { promise.Set(std::string("v")); });
    CHECK(*future.Get() == "v");
    CHECK_FALSE(future.valid());

    Promise<Unit> failing;
    Future<Unit> failed = failing.GetFuture();
    failing.Set(Status(StatusCode::kNotLeader, "peer 2"));
    CHECK(failed.Get().status().ToString() == "NOT_LEADER: peer 2");

    Future<int> broken;
    { broken = Promise<int>().GetFuture(); }
    CHECK(broken.Get().code() == StatusCode::kCancelled);
  });
  CHECK(loop.ended);
}

TEST_CASE("Promise: fulfilled from the main stack, and harmless when nobody listens") {
  TestLoop loop;
  Promise<int> promise;
  Promise<int> ignored;
  { const Future<int> dropped = ignored.GetFuture(); }
  ignored.Set(1);
  int got = 0;
  Task task = loop.domain.Spawn("t", [&, future = promise.GetFuture()]() mutable { got = *future.Get(); });
  loop.Run();
  promise.Set(9);
  loop.Run();
  CHECK(got == 9);
}

TEST_CASE("BoundedChannel: keeps order and makes producers wait") {
  TestLoop loop;
  BoundedChannel<int> channel(2);
  std::vector<int> got;
  Task producer = loop.domain.Spawn("producer", [&] {
    for (int i = 0; i < 10; ++i) CHECK(channel.Push(i).ok());
    channel.Close();
  });
  loop.Run();
  CHECK(channel.size() == 2);
  CHECK_FALSE(channel.TryPush(99));
  Task consumer = loop.domain.Spawn("consumer", [&] {
    for (;;) {
      Result<int> value = channel.Pop();
      if (!value.ok()) {
        CHECK(value.code() == StatusCode::kClosed);
        return;
      }
      got.push_back(*value);
    }
  });
  loop.Run();
  CHECK(got == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK_FALSE(consumer.running());
  CHECK_FALSE(channel.TryPush(1));
}

TEST_CASE("BoundedChannel: Close wakes both sides, and what is inside can still be taken") {
  TestLoop loop;
  BoundedChannel<int> full(1);
  BoundedChannel<int> empty(1);
  CHECK(full.TryPush(1));
  StatusCode pushed = StatusCode::kOk;
  StatusCode popped = StatusCode::kOk;
  Task pusher = loop.domain.Spawn("pusher", [&] { pushed = full.Push(2).code(); });
  Task popper = loop.domain.Spawn("popper", [&] { popped = empty.Pop().code(); });
  loop.Run();
  full.Close();
  empty.Close();
  loop.Run();
  CHECK(pushed == StatusCode::kClosed);
  CHECK(popped == StatusCode::kClosed);
  CHECK(full.TryPop() == 1);
  CHECK_FALSE(full.TryPop().has_value());
}

TEST_CASE("BoundedChannel: deadlines, and a killed consumer does not lose a wake-up") {
  TestLoop loop;
  BoundedChannel<int> channel(4);
  std::vector<int> got;
  loop.Run([&] {
    CHECK(channel.Pop(Deadline::After(loop.now, Duration(4))).code() == StatusCode::kTimeout);
    Task first = loop.domain.Spawn("first", [&] { got.push_back(*channel.Pop()); });
    Task second = loop.domain.Spawn("second", [&] { got.push_back(*channel.Pop()); });
    loop.scheduler.Yield();
    CHECK(channel.Push(1).ok());  // Wakes `first` ...
    first.Reset();                // ... which dies before it looks.
    second.Join();
  });
  CHECK(loop.ended);
  CHECK(got == std::vector<int>{1});
}

}  // namespace
}  // namespace orrery
