#include "faults/process/worker_pool.h"

#include <doctest/doctest.h>

#include <csignal>

namespace orrery::faults {
namespace {

WorkerResult RunShell(const std::string& script, const WorkerLimits& limits = {},
                      const std::vector<std::string>& environment = {}) {
  WorkerPool pool;
  REQUIRE(pool.Start({"/bin/sh", "-c", script}, environment, limits).ok());
  const auto ended = pool.WaitAny(std::chrono::seconds(60));
  REQUIRE(ended);
  CHECK(pool.running() == 0);
  return ended->second;
}

TEST_CASE("Worker: exit code, output and errors come apart, environment arrives") {
  const WorkerResult result = RunShell("echo out $X; echo err >&2; exit 7", {}, {"X=y"});
  CHECK(result.exit_code == 7);
  CHECK(result.signal == 0);
  CHECK(result.output == "out y\n");
  CHECK(result.errors == "err\n");
  CHECK(result.memory_bytes > 0);
}

TEST_CASE("Worker: one is killed, the other goes on and is handed out") {
  WorkerPool pool;
  const auto sleeper = pool.Start({"/bin/sh", "-c", "exec sleep 60"}, {}, {});
  const auto other = pool.Start({"/bin/sh", "-c", "exit 3"}, {}, {});
  REQUIRE(sleeper.ok());
  REQUIRE(other.ok());
  pool.Kill(*sleeper);
  CHECK(pool.running() == 1);
  const auto ended = pool.WaitAny(std::chrono::seconds(60));
  REQUIRE(ended);
  CHECK(ended->first == *other);
  CHECK(ended->second.exit_code == 3);
}

TEST_CASE("Worker: much output arrives whole, of much complaint the beginning") {
  const WorkerResult result = RunShell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
  CHECK(result.output.size() == 3'000'000);
  CHECK(result.errors.size() == size_t{64} << 10);
}

TEST_CASE("Worker: limits of time end it and are told apart") {
  const WorkerResult wall = RunShell("sleep 60", {.wall_seconds = 0.2});
  CHECK(wall.wall_limit);
  CHECK(wall.signal == SIGKILL);
  const WorkerResult cpu = RunShell("while :; do :; done", {.cpu_seconds = 1});
  CHECK_FALSE(cpu.wall_limit);
  CHECK(cpu.signal == SIGXCPU);
  CHECK(cpu.cpu_seconds >= 0.9);
  CHECK(RunShell("kill -SEGV $$").signal == SIGSEGV);
}

TEST_CASE("Worker: who holds more memory than it may is killed") {
  const std::string greedy = "x=$(head -c 200000000 /dev/zero | tr '\\0' a); sleep 60";
  const WorkerResult limited = RunShell(greedy, {.wall_seconds = 50, .memory_bytes = uint64_t{100} << 20});
  CHECK(limited.memory_limit);
  CHECK_FALSE(limited.wall_limit);
  CHECK(limited.signal == SIGKILL);
}

TEST_CASE("Pool: whoever ends first comes first, and what still runs is killed with the pool") {
  WorkerPool pool;
  const auto slow = pool.Start({"/bin/sh", "-c", "sleep 60"}, {}, {});
  const auto fast = pool.Start({"/bin/sh", "-c", "exit 3"}, {}, {});
  REQUIRE(slow.ok());
  REQUIRE(fast.ok());
  const auto ended = pool.WaitAny(std::chrono::seconds(60));
  REQUIRE(ended);
  CHECK(ended->first == *fast);
  CHECK(pool.running() == 1);
  CHECK_FALSE(pool.WaitAny(std::chrono::milliseconds(50)));
  pool.KillAll();
  CHECK(pool.running() == 0);
}

TEST_CASE("Pool: a program that is not there is an error that names it") {
  WorkerPool pool;
  const auto started = pool.Start({"/no/such/program"}, {}, {});
  CHECK(started.code() == StatusCode::kIoError);
  CHECK(std::string(started.status().message()).find("/no/such/program") != std::string::npos);
}

}  // namespace
}  // namespace orrery::faults
