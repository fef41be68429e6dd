#include <doctest/doctest.h>
#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/node.h"
#include "runtime/offload.h"
#include "runtime/process.h"
#include "runtime/rocks_host.h"
#include "runtime/runtime.h"
#include "sim/disk/sim_disk.h"
#include "sim/event_log.h"
#include "sim/interpose/interpose.h"
#include "sim/rocks/hooks.h"
#include "sim/rocks/required_options.h"
#include "sim/world.h"

namespace orrery::sim {
namespace {

/// Counts what was acknowledged, over all boots; the durable counter may never be behind it.
struct Promise {
  uint64_t acknowledged = 0;
  uint64_t opens = 0;
  uint64_t broken = 0;
};

/// A node that does nothing but synced writes to RocksDB, each in an offloaded job.
class EngineNode final : public Node {
 public:
  EngineNode(Runtime& runtime, Promise& promise) : runtime_(runtime), promise_(promise) {
    if (!Open()) {
      runtime_.process.Exit(Status(StatusCode::kIoError, "cannot open"));
      return;
    }
    writer_ = runtime.domain.Spawn("writer", [this] { WriteForever(); });
  }
  ~EngineNode() override {
    writer_.Reset();
    const RocksScope scope(runtime_.rocks);
    db_.reset();
  }
  void RequestStop() override { runtime_.process.Exit(Status::Ok()); }

 private:
  bool Open() {
    const RocksScope scope(runtime_.rocks);
    rocksdb::Options options;
    SetRequiredOptions(options, runtime_.rocks);
    options.create_if_missing = true;
    rocksdb::DB* raw = nullptr;
    if (!rocksdb::DB::Open(options, runtime_.rocks.PathOf("db"), &raw).ok()) return false;
    db_.reset(raw);
    std::string value;
    const bool found = db_->Get({}, "last", &value).ok();
    last_ = found ? std::stoull(value) : 0;
    if (last_ < promise_.acknowledged) ++promise_.broken;
    ++promise_.opens;
    return true;
  }
  void WriteForever() {
    for (;;) {
      ++last_;
      bool written = false;
      runtime_.offload.Run(Lane::kCommit, [&] {
        const RocksScope scope(runtime_.rocks);
        rocksdb::WriteOptions sync;
        sync.sync = true;
        rocksdb::WriteBatch batch;
        batch.Put("last", std::to_string(last_)).PermitUncheckedError();
        batch.Put("value" + std::to_string(last_ % 500), std::string(500, 'v')).PermitUncheckedError();
        written = db_->Write(sync, &batch).ok();
      });
      if (!written) return runtime_.process.Exit(Status(StatusCode::kIoError, "cannot write"));
      promise_.acknowledged = last_;
    }
  }

  Runtime& runtime_;
  Promise& promise_;
  std::unique_ptr<rocksdb::DB> db_;
  uint64_t last_ = 0;
  Task writer_;
};

Fingerprint RunEngine(uint64_t seed, EventSink* events, Promise& promise) {
  WorldOptions options;
  options.choices.seed = seed;
  options.events = events;
  World world(options);
  const NodeId node(1);
  world.AddNode(node, [&](Runtime& runtime) { return std::make_unique<EngineNode>(runtime, promise); });
  world.Boot(node);
  Random random(seed);
  for (int i = 0; i < 12; ++i) {
    world.RunFor(milliseconds(random.Between(50, 500)));
    const CrashKind kind = random.Below(2) == 0 ? CrashKind::kProcessKill : CrashKind::kPowerLoss;
    if (random.Below(2) == 0) {
      world.CrashAtDiskMutation(node, 1 + random.Below(50), kind);
      world.RunUntil([&] { return !world.IsUp(node); }, seconds(5));
    }
    world.Restart(node, kind);
    if (!world.IsUp(node)) world.Boot(node);
  }
  world.RunFor(seconds(1));
  return world.fingerprint();
}

TEST_CASE("Engine in the world: RocksDB runs on one thread, off the operating system, and keeps what it promised") {
  REQUIRE(CheckRocksHooks().ok());
  REQUIRE(CheckInterposers().ok());
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    EventLog first;
    EventLog second;
    Promise one;
    Promise two;
    SetPlacement(Placement::kShuffle, seed);
    const Fingerprint a = RunEngine(seed, &first, one);
    SetPlacement(Placement::kNeverReuse, seed);
    const Fingerprint b = RunEngine(seed, &second, two);
    SetPlacement(Placement::kPlain, seed);
    const auto difference = FirstDifference(first, second);
    INFO((difference.has_value() ? difference->text : std::string()));
    CHECK(a == b);
    CHECK(!difference.has_value());
    CHECK(one.broken + two.broken == 0);
    CHECK(one.opens > 12);
    CHECK(one.acknowledged > 500);
    CHECK(one.acknowledged == two.acknowledged);
  }
}

}  // namespace
}  // namespace orrery::sim
