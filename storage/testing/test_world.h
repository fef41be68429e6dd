#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime/address_book.h"
#include "runtime/base/probe.h"
#include "runtime/base/random.h"
#include "runtime/clock.h"
#include "runtime/disk.h"
#include "runtime/fiber/completion.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/stack_pool.h"
#include "runtime/log.h"
#include "runtime/network.h"
#include "runtime/offload.h"
#include "runtime/process.h"
#include "runtime/rocks_host.h"
#include "runtime/runtime.h"
#include "runtime/stream.h"

namespace orrery::testing {

/// Jobs run on the loop's main stack at an instant the seed chooses, and are answered later still.
class TestOffload final : public Offload {
 public:
  void Run(Lane lane, FunctionRef<void()> job) override;
  /// Runs one job or delivers one answer; false if there is nothing to do.
  bool Step(Random& random);

 private:
  struct Job {
    FunctionRef<void()> job;
    Completion* done;
    bool ran = false;
  };
  std::array<std::deque<std::shared_ptr<Job>>, kLaneCount> lanes_;
};

class TestProbes final : public Probes {
 public:
  void Hit(const char* name) override { ++hits[name]; }
  bool Buggify(const char*, double) override { return false; }
  std::map<std::string, int> hits;
};

class TestProcess final : public Process {
 public:
  void Exit(Status reason) override {
    if (exited++ == 0) first = std::move(reason);
  }
  int exited = 0;
  Status first;
};

/// One boot of a node that has fibers, a disk and RocksDB, but no network. Time jumps.
class TestWorld {
 public:
  TestWorld(Random random, Disk& disk, RocksHost& rocks, TestProbes& probes);
  ~TestWorld();

  /// Runs `body` as a fiber until it ends (true), or until `stop` says so (false).
  bool Run(std::function<void()> body, const std::function<bool()>& stop = {});
  /// Something else that may be done between turns, such as a background job of RocksDB; false if idle.
  void SetIdleWork(std::function<bool()> work) { idle_work_ = std::move(work); }
  /// Unwinds all fibers.
  void Kill() { domain_.Kill(); }

  Runtime& runtime() { return *runtime_; }
  TestProcess& process() { return process_; }

 private:
  class NoNetwork;
  class NoStreams;
  class WorldClock;
  class NoRead;

  bool Turn();

  Random random_;
  StackPool stacks_;
  Scheduler scheduler_;
  Domain domain_;
  Instant now_ = Instant::FromNanos(1'000'000'000);
  TestOffload offload_;
  TestProcess process_;
  AddressBook addresses_;
  NoLog log_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<StreamTransport> streams_;
  std::function<bool()> idle_work_;
  std::unique_ptr<Runtime> runtime_;
};

/// For tests without any disk: every use fails.
class NoRocks final : public RocksHost {
 public:
  rocksdb::Env* env() override { ORRERY_UNREACHABLE("no RocksDB here"); }
  std::shared_ptr<rocksdb::Logger> logger() override { ORRERY_UNREACHABLE("no RocksDB here"); }
  std::string PathOf(const std::string&) override { ORRERY_UNREACHABLE("no RocksDB here"); }

 private:
  void Enter() override {}
  void Leave() override {}
};

class NoDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> Open(std::string_view, OpenMode) override { return None(); }
  Status Rename(std::string_view, std::string_view) override { return None(); }
  Status Remove(std::string_view) override { return None(); }
  Status MakeDirectory(std::string_view) override { return None(); }
  Status SyncDirectory(std::string_view) override { return None(); }
  Result<std::vector<std::string>> List(std::string_view) override { return None(); }
  Result<bool> Exists(std::string_view) override { return None(); }

 private:
  static Status None() { return Status(StatusCode::kIoError, "no disk here"); }
};

}  // namespace orrery::testing
