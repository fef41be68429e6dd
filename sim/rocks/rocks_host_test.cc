#include "sim/rocks/sim_rocks_host.h"

#include <doctest/doctest.h>
#include <rocksdb/db.h>
#include <rocksdb/system_clock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "sim/rocks/hooks.h"
#include "sim/rocks/test_node.h"

namespace orrery::sim {
namespace {

/// Runs `body` in a child process and says whether it ended by abort().
template <class Body>
bool Aborts(Body body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    std::freopen("/dev/null", "w", stderr);
    std::signal(SIGABRT, SIG_DFL);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_CASE("Hooks: a scratch DB opens, flushes and closes on one thread") {
  CHECK(CheckRocksHooks() == Status::Ok());
  CHECK(CheckRocksHooks() == Status::Ok());
}

TEST_CASE("Hooks: outside a RocksScope threads and waits are libc's") {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread other([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    done = true;
    changed.notify_one();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return done; });
  }
  other.join();
  CHECK(done);
}

TEST_CASE("Hooks: a thread inside a RocksScope aborts, and anywhere once threads are forbidden") {
  TestNode node({.random = Random(1)});
  REQUIRE(node.Open().ok());
  CHECK(Aborts([&] {
    const RocksScope scope(node.host());
    std::thread([] {}).join();
  }));
  CHECK_FALSE(Aborts([] { std::thread([] {}).join(); }));
  CHECK(Aborts([] {
    ForbidThreads();
    std::thread([] {}).join();
  }));
}

TEST_CASE("Hooks: a wait that no background job can end aborts instead of hanging") {
  TestNode node({.random = Random(1)});
  REQUIRE(node.Open().ok());
  CHECK(Aborts([&] {
    const RocksScope scope(node.host());
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock<std::mutex> lock(mutex);
    never.wait(lock);
  }));
}

TEST_CASE("RocksScope: is not nested, also not between two nodes") {
  TestNode node({.random = Random(1)});
  TestNode other({.random = Random(2)});
  REQUIRE(node.Open().ok());
  REQUIRE(other.Open().ok());
  CHECK(Aborts([&] {
    const RocksScope scope(node.host());
    const RocksScope nested(other.host());
  }));
}

void PutSome(TestNode& node, int first, int count) {
  const RocksScope scope(node.host());
  for (int i = first; i < first + count; ++i) {
    REQUIRE(node.db().Put({}, "key" + std::to_string(i), std::string(100, 'v')).ok());
  }
}

TEST_CASE("Background jobs: the world runs them; a call that waits runs them itself and is counted") {
  TestNode node({.random = Random(1)});
  REQUIRE(node.Open().ok());
  CHECK_FALSE(node.host().RunOneBackgroundJob());
  PutSome(node, 0, 10);
  {
    const RocksScope scope(node.host());
    rocksdb::FlushOptions flush;
    flush.wait = false;
    REQUIRE(node.db().Flush(flush).ok());
  }
  CHECK(node.host().queued_background_jobs() == 1);
  CHECK(node.host().RunOneBackgroundJob());
  CHECK(node.host().queued_background_jobs() == 0);
  CHECK(node.host().fallback_pumps() == 0);
  PutSome(node, 10, 10);
  {
    const RocksScope scope(node.host());
    REQUIRE(node.db().Flush(rocksdb::FlushOptions()).ok());
  }
  CHECK(node.host().fallback_pumps() > 0);
}

TEST_CASE("Background jobs: a close drops what is queued, alive or on a dead disk") {
  for (const bool dead : {false, true}) {
    TestNode node({.random = Random(1)});
    REQUIRE(node.Open().ok());
    PutSome(node, 0, 10);
    {
      const RocksScope scope(node.host());
      rocksdb::FlushOptions flush;
      flush.wait = false;
      REQUIRE(node.db().Flush(flush).ok());
    }
    REQUIRE(node.host().queued_background_jobs() == 1);
    const uint64_t fingerprint = node.disk().fingerprint();
    if (dead) node.disk().Freeze();
    node.Close();  // The host asserts that its queues are empty.
    if (dead) CHECK(node.disk().fingerprint() == fingerprint);
  }
}

TEST_CASE("Clock: a sleep of RocksDB is the node's debt and moves its time at once") {
  TestNode node({.random = Random(1)});
  REQUIRE(node.Open().ok());
  node.disk().TakeDebt();
  const uint64_t before = node.host().env()->GetSystemClock()->NowMicros();
  node.host().env()->GetSystemClock()->SleepForMicroseconds(2500);
  CHECK(node.disk().debt() == microseconds(2500));
  CHECK(node.host().env()->NowMicros() >= before + 2500);
  node.disk().TakeDebt();
  CHECK(node.host().env()->NowMicros() >= before + 2500);  // Never back.
}

/// Interleaves the writes of a node with those of a neighbour, if there is one.
uint64_t FingerprintBeside(TestNode* neighbour) {
  TestNode node({.random = Random(42)});
  REQUIRE(node.Open().ok());
  for (int i = 0; i < 60; ++i) {
    PutSome(node, i * 100, 100);
    if (neighbour != nullptr) PutSome(*neighbour, i * 37, 37);
    node.host().RunOneBackgroundJob();
  }
  node.Close();
  return node.disk().fingerprint();
}

TEST_CASE("Determinism: what one node does shifts nothing in another") {
  TestNode neighbour({.random = Random(1)});
  REQUIRE(neighbour.Open().ok());
  const uint64_t alone = FingerprintBeside(nullptr);
  CHECK(FingerprintBeside(&neighbour) == alone);
}

TEST_CASE("Session ids: no two boots of a node and no two nodes share one") {
  std::vector<std::string> ids;
  for (const uint64_t seed : {1, 2}) {
    TestNode node({.random = Random(seed)});
    for (int boot = 0; boot < 2; ++boot) {
      REQUIRE(node.Open().ok());
      {
        const RocksScope scope(node.host());
        REQUIRE(node.db().GetDbSessionId(ids.emplace_back()).ok());
      }
      CHECK(ids.back().size() == 20);
      node.Crash(true);
    }
  }
  CHECK(ids.size() == 4);
  for (size_t i = 0; i < ids.size(); ++i) {
    for (size_t j = i + 1; j < ids.size(); ++j) CHECK(ids[i] != ids[j]);
  }
}

TEST_CASE("Required options: ours have no problem, RocksDB's defaults have many") {
  TestNode node({.random = Random(1)});
  REQUIRE(node.Open().ok());
  CHECK(RocksOptionProblems(node.db().GetDBOptions()).empty());
  CHECK(RocksOptionProblems(rocksdb::DBOptions()).size() >= 10);
}

}  // namespace
}  // namespace orrery::sim
