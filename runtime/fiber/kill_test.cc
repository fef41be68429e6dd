#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <stdexcept>

#include "runtime/fiber/bounded_channel.h"
#include "runtime/fiber/completion.h"
#include "runtime/fiber/future.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/semaphore.h"
#include "runtime/fiber/test_loop.h"

namespace orrery {
namespace {

using Trace = std::vector<std::string>;

/// Says when it dies.
struct Witness {
  Witness(Trace& its_trace, std::string its_name) : trace(its_trace), name(std::move(its_name)) {}
  ~Witness() { trace.push_back(name); }
  Trace& trace;
  std::string name;
};

TEST_CASE("Domain: Kill unwinds every fiber, newest first, and drops those that never ran") {
  TestLoop loop;
  Trace trace;
  WaitQueue queue;
  std::vector<Task> tasks;
  const auto spawn = [&](uint64_t i) {
    tasks.push_back(loop.domain.Spawn({"fiber", i}, [&, i] {
      const Witness witness(trace, std::to_string(i));
      if (i == 0) loop.scheduler.SleepFor(seconds(1));
      if (i == 1) queue.Wait();
      loop.scheduler.Yield();
      trace.push_back("not reached");
    }));
  };
  for (uint64_t i = 0; i < 3; ++i) spawn(i);
  loop.scheduler.RunReady();
  auto capture = std::make_shared<int>(1);
  tasks.push_back(loop.domain.Spawn("unstarted", [capture, &trace] { trace.push_back("started"); }));
  CHECK(capture.use_count() == 2);
  loop.domain.Kill();
  CHECK(trace == Trace{"2", "1", "0"});
  CHECK(capture.use_count() == 1);
  CHECK(loop.domain.fiber_count() == 0);
  CHECK(loop.stacks.live() == 0);
  CHECK(loop.scheduler.NextTimer() == Instant::Max());
  CHECK_FALSE(loop.scheduler.HasReady());
  CHECK_FALSE(loop.domain.Spawn("late", [&] { trace.push_back("late"); }).running());
  loop.Run();
  CHECK(trace.size() == 3);
}

TEST_CASE("Domain: a second boot on the same scheduler lives after the first was killed") {
  TestLoop loop;
  bool second_ran = false;
  {
    Domain first(loop.scheduler, "boot 1");
    Task task = first.Spawn("a", [&] { loop.scheduler.SleepFor(seconds(10)); });
    loop.scheduler.RunReady();
    first.Kill();
    CHECK_FALSE(task.running());
  }
  Domain second(loop.scheduler, "boot 2");
  Task task = second.Spawn("a", [&] { second_ran = true; });
  loop.Run();
  CHECK(second_ran);
}

TEST_CASE("Task: its destructor unwinds the fiber at once, also from another fiber and while unwinding") {
  TestLoop loop;
  Trace trace;
  loop.Run([&] {
    try {
      const Witness parent(trace, "parent frame");
      Task child = loop.domain.Spawn("child", [&] {
        Task grandchild = loop.domain.Spawn("grandchild", [&] {
          const Witness witness(trace, "grandchild");
          loop.scheduler.SleepFor(seconds(1));
        });
        const Witness witness(trace, "child");
        loop.scheduler.SleepFor(seconds(1));
      });
      loop.scheduler.SleepFor(Duration(10));
      throw std::runtime_error("parent fails");
    } catch (const std::exception& error) {
      trace.push_back(error.what());
    }
  });
  CHECK(loop.ended);
  CHECK(trace == Trace{"child", "grandchild", "parent frame", "parent fails"});
}

TEST_CASE("Task: Cancel makes the fiber end where it waits, and Join sees the end") {
  TestLoop loop;
  Trace trace;
  loop.Run([&] {
    Task child = loop.domain.Spawn("child", [&] {
      const Witness witness(trace, "unwound");
      loop.scheduler.SleepUntil(Instant::Max());
    });
    loop.scheduler.Yield();
    CHECK_FALSE(child.JoinUntil(Deadline::After(loop.now, Duration(10))));
    child.Cancel();
    CHECK(trace.empty());
    child.Join();
    CHECK(trace == Trace{"unwound"});
    CHECK_FALSE(child.running());
  });
  CHECK(loop.ended);
}

TEST_CASE("Task: a moved handle still owns, and assigning over a handle kills the old fiber") {
  TestLoop loop;
  Trace trace;
  const auto sleeper = [&](const char* name) {
    return loop.domain.Spawn("sleeper", [&, name] {
      const Witness witness(trace, name);
      loop.scheduler.SleepFor(seconds(1));
    });
  };
  Task first = sleeper("first");
  Task second = sleeper("second");
  loop.scheduler.RunReady();
  Task moved = std::move(first);
  CHECK_FALSE(first.running());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  CHECK(moved.running());
  moved = std::move(second);
  CHECK(trace == Trace{"first"});
  moved.Reset();
  CHECK(trace == Trace{"first", "second"});
}

TEST_CASE("TaskGroup: bounded, reaps the finished, and kills the rest") {
  TestLoop loop;
  Trace trace;
  loop.Run([&] {
    TaskGroup group(loop.domain, "requests", 2);
    const auto work = [&](uint64_t i) {
      return [&, i] {
        const Witness witness(trace, std::to_string(i));
        loop.scheduler.SleepFor(Duration(static_cast<int64_t>(10 * i)));
      };
    };
    CHECK(group.TrySpawn({"request", 1}, work(1)));
    CHECK(group.TrySpawn({"request", 5}, work(5)));
    CHECK(group.full());
    CHECK_FALSE(group.TrySpawn({"request", 6}, work(6)));
    group.Spawn({"request", 7}, work(7));  // Waits for 1.
    CHECK(trace == Trace{"1"});
    CHECK(group.count() == 2);
    CHECK_FALSE(group.JoinAllUntil(Deadline::After(loop.now, Duration(1))));
    loop.scheduler.SleepFor(Duration(41));
    CHECK(trace == Trace{"1", "5"});
    group.CancelAll();
    group.JoinAll();
    CHECK(trace == Trace{"1", "5", "7"});
    group.Spawn({"request", 100}, work(100));
    loop.scheduler.Yield();
  });
  CHECK(loop.ended);
  CHECK(trace.back() == "100");
}

TEST_CASE("WaitQueue: a notification that a cancelled fiber never saw goes to the next") {
  TestLoop loop;
  Trace trace;
  WaitQueue queue;
  const auto waiter = [&](const char* name) {
    return loop.domain.Spawn("waiter", [&, name] {
      queue.Wait();
      trace.push_back(name);
    });
  };
  Task a = waiter("a");
  Task b = waiter("b");
  loop.scheduler.RunReady();
  CHECK(queue.NotifyOne());
  a.Cancel();
  loop.Run();
  CHECK(trace == Trace{"b"});
}

TEST_CASE("WaitQueue: one that dies orphans its waiters, which can still be cancelled or time out") {
  TestLoop loop;
  auto queue = std::make_unique<WaitQueue>();
  bool timed_out = false;
  Task a = loop.domain.Spawn("a", [&] { timed_out = !queue->WaitUntil(Deadline::After(loop.now, Duration(5))); });
  Task b = loop.domain.Spawn("b", [&] { queue->Wait(); });
  loop.scheduler.RunReady();
  queue.reset();
  loop.Run();
  CHECK(timed_out);
  CHECK(b.running());
  b.Reset();
}

TEST_CASE("Kill: destructors may wake fibers that are about to be killed") {
  TestLoop loop;
  WaitQueue queue;
  Semaphore semaphore(0);
  struct Waker {
    WaitQueue& queue;
    Semaphore& semaphore;
    ~Waker() {
      queue.NotifyAll();
      semaphore.Release();
    }
  };
  std::vector<Task> tasks;
  for (uint64_t i = 0; i < 8; ++i) {
    tasks.push_back(loop.domain.Spawn({"f", i}, [&, i] {
      const Waker waker{queue, semaphore};
      if (i % 2 == 0) queue.Wait();
      semaphore.Acquire();
    }));
  }
  loop.scheduler.RunReady();
  loop.domain.Kill();
  CHECK(semaphore.available() == 8);
  CHECK(loop.stacks.live() == 0);
}

TEST_CASE("Kill: primitives in the frame of a newer fiber may die before their waiters") {
  TestLoop loop;
  struct Shared {
    Mutex mutex;
    Semaphore semaphore{0};
    BoundedChannel<int> channel{1};
    WaitQueue queue;
  };
  Shared* shared = nullptr;
  std::vector<Task> tasks;
  for (uint64_t i = 0; i < 4; ++i) {
    tasks.push_back(loop.domain.Spawn({"waiter", i}, [&, i] {
      loop.scheduler.Yield();
      if (i == 0) shared->mutex.Lock();
      if (i == 1) shared->semaphore.Acquire();
      if (i == 2) shared->channel.Pop().status().IgnoreError();  // CHECK would catch, and swallow, Cancelled.
      if (i == 3) shared->queue.Wait();
    }));
  }
  tasks.push_back(loop.domain.Spawn("owner", [&] {
    Shared mine;
    CHECK(mine.mutex.TryLock());
    shared = &mine;
    loop.scheduler.SleepFor(seconds(1));
  }));
  loop.scheduler.RunReady();
  loop.scheduler.RunReady();
  CHECK(loop.domain.fiber_count() == 5);
  loop.domain.Kill();
  CHECK(loop.stacks.live() == 0);
}

/// A little service in which everything happens: producers, a server, requests, timeouts.
void RunService(TestLoop& loop, std::vector<Task>& tasks, int& answered) {
  struct Service {
    BoundedChannel<std::pair<int, Promise<std::string>>> requests{3};
    Mutex mutex;
    Semaphore semaphore{2};
    Condition condition;
    int in_service = 0;
  };
  auto service = std::make_shared<Service>();
  tasks.push_back(loop.domain.Spawn("server", [&loop, service] {
    TaskGroup group(loop.domain, "handlers", 4);
    for (;;) {
      auto request = service->requests.Pop();
      if (!request.ok()) return;
      group.Spawn({"handler", static_cast<uint64_t>(request->first)},
                  [&loop, service, promise = std::move(request->second), n = request->first]() mutable {
                    const MutexLock lock(service->mutex);
                    loop.scheduler.SleepFor(Duration(n % 5));
                    promise.Set(std::string(100, 'x'));
                    ++service->in_service;
                    service->condition.NotifyAll();
                  });
    }
  }));
  for (uint64_t i = 0; i < 5; ++i) {
    tasks.push_back(loop.domain.Spawn({"caller", i}, [&loop, &answered, service, i] {
      for (int n = 0; n < 8; ++n) {
        Promise<std::string> promise;
        Future<std::string> future = promise.GetFuture();
        service->semaphore.Acquire();
        const Status pushed = service->requests.Push({n + static_cast<int>(i), std::move(promise)});
        service->semaphore.Release();
        if (!pushed.ok()) return;
        if (future.Get(Deadline::After(loop.now, Duration(20))).ok()) ++answered;
        service->condition.Await([&] { return service->in_service > 0; });
      }
    }));
  }
}

TEST_CASE("Kill: after any event of a busy service it leaves nothing behind, and the next boot works") {
  size_t events_max = 0;
  int answered_without_kill = 0;
  for (size_t events = 0; events <= events_max; ++events) {
    SeededPolicy policy(events / 7);
    TestLoop loop(&policy);
    std::vector<Task> tasks;
    int answered = 0;
    RunService(loop, tasks, answered);
    size_t done = 0;
    while (events == 0 || done < events) {
      if (!loop.scheduler.HasReady()) {
        if (loop.scheduler.NextTimer() == Instant::Max()) break;
        loop.now = loop.scheduler.NextTimer();
        loop.scheduler.FireTimers(loop.now);
      }
      done += loop.scheduler.RunReady(1);
    }
    if (events == 0) {
      events_max = done;
      answered_without_kill = answered;
    }
    loop.domain.Kill();
    REQUIRE(loop.stacks.live() == 0);
    REQUIRE_FALSE(loop.scheduler.HasReady());
    REQUIRE(loop.scheduler.NextTimer() == Instant::Max());
  }
  CHECK(events_max > 150);
  CHECK(answered_without_kill > 20);
}

TEST_CASE("Completion: delivers before and after the wait, and Cancel does not interrupt it") {
  TestLoop loop;
  Completion* pending = nullptr;
  Trace trace;
  Task task = loop.domain.Spawn("job", [&] {
    Completion early([] {});
    early.Complete();
    early.Wait();
    Completion done([] {});
    pending = &done;
    done.Wait();
    trace.push_back("answered");
    loop.scheduler.Yield();
    trace.push_back("not reached");
  });
  loop.scheduler.RunReady();
  REQUIRE(pending != nullptr);
  task.Cancel();
  loop.Run();
  CHECK(task.running());
  pending->Complete();
  loop.Run();
  CHECK_FALSE(task.running());
  CHECK(trace == Trace{"answered"});
}

TEST_CASE("Completion: a kill withdraws the job before the frame goes") {
  TestLoop loop;
  Trace trace;
  Task task = loop.domain.Spawn("job", [&] {
    const Witness frame(trace, "frame");
    Completion done([&] {
      CHECK(Fiber::Current() == nullptr);
      trace.push_back("withdrawn");
    });
    done.Wait();
    trace.push_back("not reached");
  });
  loop.scheduler.RunReady();
  SUBCASE("by the domain") {
    loop.domain.Kill();
  }
  SUBCASE("by its owner") {
    task.Reset();
  }
  CHECK(trace == Trace{"withdrawn", "frame"});
}

TEST_CASE("Completion: a kill between the answer and the fiber's run neither withdraws nor goes on") {
  TestLoop loop;
  Trace trace;
  Completion* pending = nullptr;
  Task task = loop.domain.Spawn("job", [&] {
    Completion done([&] { trace.push_back("withdrawn"); });
    pending = &done;
    done.Wait();
    trace.push_back("not reached");
  });
  loop.scheduler.RunReady();
  REQUIRE(pending != nullptr);
  pending->Complete();
  loop.domain.Kill();
  CHECK(trace.empty());
  CHECK(loop.stacks.live() == 0);
}

/// Runs `crime` in a child process and returns what it printed to stderr; "survived" if it ended well.
std::string LastWordsOf(const std::function<void()>& crime) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const int signal : {SIGABRT, SIGSEGV}) std::signal(signal, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    crime();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof(buffer))) > 0;) words.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "survived" : words;
}

#define CHECK_DIES_SAYING(text, ...)                        \
  do {                                                      \
    const std::string words = LastWordsOf([&] __VA_ARGS__); \
    INFO(words);                                            \
    CHECK(words.find(text) != std::string::npos);           \
  } while (false)

TEST_CASE("Abuse: swallowing a cancellation is diagnosed") {
  CHECK_DIES_SAYING("swallowed its cancellation", {
    TestLoop loop;
    Task task = loop.domain.Spawn("swallower", [&] {
      try {
        loop.scheduler.SleepFor(seconds(1));
      } catch (...) {
      }
    });
    loop.scheduler.RunReady();
    task.Reset();
  });
}

TEST_CASE("Abuse: suspending in a destructor of a killed fiber is diagnosed") {
  CHECK_DIES_SAYING("after it was cancelled", {
    TestLoop loop;
    struct Sleeper {
      Scheduler& scheduler;
      ~Sleeper() { scheduler.Yield(); }
    };
    Task task = loop.domain.Spawn("sleeper", [&] {
      const Sleeper sleeper{loop.scheduler};
      loop.scheduler.SleepFor(seconds(1));
    });
    loop.scheduler.RunReady();
    task.Reset();
  });
}

TEST_CASE("Abuse: suspending where it is forbidden is diagnosed with the reason") {
  CHECK_DIES_SAYING("where it must not: the index is being rebuilt", {
    TestLoop loop;
    loop.Run([&] {
      const NoSuspendScope scope("the index is being rebuilt");
      loop.scheduler.Yield();
    });
  });
  TestLoop loop;
  loop.Run([&] {
    {
      const NoSuspendScope scope("outer");
      const NoSuspendScope inner("inner");
      Scheduler::CallOnMainStack([] {});  // Not a suspension.
    }
    loop.scheduler.Yield();
  });
  CHECK(loop.ended);
}

TEST_CASE("Abuse: waiting on the main stack is diagnosed") {
  CHECK_DIES_SAYING("only a fiber can wait", {
    WaitQueue queue;
    queue.Wait();
  });
}

TEST_CASE("Abuse: an exception that leaves a fiber ends the process at once") {
  CHECK_DIES_SAYING("nobody caught this", {
    TestLoop loop;
    Task task = loop.domain.Spawn("thrower", [&] { throw std::runtime_error("nobody caught this"); });
    loop.Run();
  });
}

TEST_CASE("Abuse: a fiber cannot destroy its own task") {
  CHECK_DIES_SAYING("would kill itself", {
    TestLoop loop;
    Task task;
    task = loop.domain.Spawn("suicide", [&] { task.Reset(); });
    loop.Run();
  });
}

TEST_CASE("Abuse: a loop cannot run inside a loop, of whichever scheduler") {
  CHECK_DIES_SAYING("RunReady within itself", {
    TestLoop loop;
    StackPool stacks;
    Scheduler other(stacks);
    loop.Run([&] { Scheduler::CallOnMainStack([&] { other.RunReady(); }); });
  });
}

TEST_CASE("Abuse: a fiber cannot kill its own domain") {
  CHECK_DIES_SAYING("would kill itself", {
    TestLoop loop;
    loop.Run([&] { Scheduler::CallOnMainStack([&] { loop.domain.Kill(); }); });
  });
}

TEST_CASE("Abuse: overflowing a stack hits the guard, not a neighbour") {
  const std::string words = LastWordsOf([] {
    TestLoop loop;
    std::function<int(int)> deep = [&](int n) {
      volatile char frame[512] = {};
      frame[0] = static_cast<char>(n);
      return n == 0 ? 0 : deep(n - 1) + frame[0];
    };
    loop.Run([&] { deep(1000000); });
  });
  CHECK(words != "survived");
}

}  // namespace
}  // namespace orrery
