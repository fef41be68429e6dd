#include "sim/world.h"

#include <doctest/doctest.h>

#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/process.h"
#include "runtime/runtime.h"
#include "sim/echo_cluster.h"
#include "sim/event_log.h"
#include "sim/trace.h"

namespace orrery::sim {
namespace {

WorldOptions Seeded(uint64_t seed, EventSink* events = nullptr) {
  WorldOptions options;
  options.choices.seed = seed;
  options.events = events;
  return options;
}

struct RunResult {
  Fingerprint fingerprint;
  uint64_t events = 0;
};

/// A cluster under every kind of trouble.
RunResult TroubledRun(WorldOptions options, int trouble) {
  World world(std::move(options));
  AddEchoCluster(world, 4, {.write_every = 50});
  const NodeId one(1);
  const NodeId two(2);
  world.RunFor(seconds(1));
  switch (trouble) {
    case 0: break;
    case 1: world.Crash(one, CrashKind::kProcessKill); break;
    case 2: world.Crash(one, CrashKind::kPowerLoss); break;
    case 3: world.PauseFor(one, milliseconds(300)); break;
    case 4: world.ResetConnection(one, two); break;
    case 5: world.Partition({one}, {two, NodeId(3)}); break;
    case 6: world.Partition({one}, {two}, Symmetry::kOneWay); break;
    case 7: world.ClogSend(one); break;
    case 8: world.ClogReceive(one); break;
    case 9: world.Clog({one}, {two}); break;
    case 10: world.SlowLink({one}, {}, 20); break;
    case 11: world.CrashAtDiskMutation(one, 2, CrashKind::kPowerLoss); break;
    case 12: world.SetDrift(one, 50'000'000); break;
    case 13: world.SetDiskStuck(one, true); break;
    case 14: world.SetDiskSlow(one, 100); break;
    case 15: world.RequestStop(one); break;
    case 16: world.OverflowQueue(one, two); break;
    case 17: world.StepWallClock(one, seconds(-5)); break;
    case 18: world.DelayNextJob(one, Lane::kCommit, seconds(1)); break;
    case 19: world.Clog({one}, {two}, Symmetry::kOneWay); break;
    case 20: world.StepWallClock(one, seconds(5)); break;
  }
  world.RunFor(seconds(1));
  world.HealNetwork();
  world.SetDiskStuck(one, false);
  if (!world.IsUp(one)) world.Boot(one);
  world.RunFor(seconds(2));
  return {world.fingerprint(), world.events()};
}
constexpr int kTroubles = 21;

uint64_t Pongs(World& world, NodeId node) {
  return static_cast<EchoNode*>(world.NodeOf(node))->pongs();
}

TEST_CASE("World: nodes talk, write and make progress") {
  World world(Seeded(1));
  AddEchoCluster(world, 3, {.write_every = 100});
  CHECK(world.RunFor(seconds(2)) == RunOutcome::kTimeLimit);
  CHECK(world.Now() == seconds(2));
  CHECK(Pongs(world, NodeId(1)) > 1000);
  CHECK(static_cast<EchoNode*>(world.NodeOf(NodeId(1)))->writes() > 5);
  CHECK(Pongs(world, NodeId(3)) == 0);  // It has nobody larger to play with.
}

TEST_CASE("World: the same seed gives the same fingerprint, under every trouble") {
  for (int trouble = 0; trouble < kTroubles; ++trouble) {
    CAPTURE(trouble);
    EventLog first;
    EventLog second;
    const RunResult a = TroubledRun(Seeded(7, &first), trouble);
    const RunResult b = TroubledRun(Seeded(7, &second), trouble);
    const auto difference = FirstDifference(first, second);
    INFO((difference.has_value() ? difference->text : std::string()));
    CHECK(!difference.has_value());
    CHECK(a.fingerprint == b.fingerprint);
    CHECK(a.events == b.events);
  }
}

TEST_CASE("World: every trouble changes the fingerprint, and no two alike") {
  std::map<Fingerprint, int> seen;
  for (int trouble = 0; trouble < kTroubles; ++trouble) {
    CAPTURE(trouble);
    CHECK(seen.emplace(TroubledRun(Seeded(7), trouble).fingerprint, trouble).second);
  }
}

TEST_CASE("World: another seed is another run") {
  CHECK(TroubledRun(Seeded(1), 0).fingerprint != TroubledRun(Seeded(2), 0).fingerprint);
}

TEST_CASE("World: tracing and logging change nothing") {
  std::string text;
  Trace trace(&text, LogLevel::kDebug);
  WorldOptions traced = Seeded(3);
  traced.trace = &trace;
  CHECK(TroubledRun(std::move(traced), 4).fingerprint == TroubledRun(Seeded(3), 4).fingerprint);
  CHECK(text.find("connection_reset epoch 1") != std::string::npos);
  CHECK(text.find("echo: lost") != std::string::npos);
}

TEST_CASE("World: calm streams still run, and the salt of one stream changes the run") {
  WorldOptions calm = Seeded(4);
  calm.choices.calm.fill(true);
  World world(calm);
  AddEchoCluster(world, 3);
  world.RunFor(seconds(1));
  CHECK(Pongs(world, NodeId(1)) > 1000);
  WorldOptions salted = Seeded(4);
  salted.choices.salts[static_cast<size_t>(ChoiceStream::kNetwork)] = 99;
  CHECK(TroubledRun(salted, 0).fingerprint != TroubledRun(Seeded(4), 0).fingerprint);
}

TEST_CASE("World: a node that ends itself is reported once, and may be booted again") {
  World world(Seeded(5));
  AddEchoCluster(world, 2);
  int told = 0;
  world.OnExit([&](const NodeExit& exit) {
    ++told;
    CHECK(exit.node == NodeId(2));
    CHECK(exit.reason.ok());
    world.Boot(exit.node);
  });
  world.RequestStop(NodeId(2));
  world.RunFor(seconds(1));
  CHECK(told == 1);
  CHECK(world.exits().size() == 1);
  CHECK(world.BootCount(NodeId(2)) == 2);
  CHECK(Pongs(world, NodeId(1)) > 100);
}

TEST_CASE("World: a disk error is an exit with its reason") {
  World world(Seeded(6));
  AddEchoCluster(world, 2, {.write_every = 10});
  world.DiskOf(NodeId(1)).SetFaultEverywhere(DiskFault::kSyncError, {.probability = 1});
  world.RunFor(seconds(1));
  REQUIRE(world.exits().size() == 1);
  CHECK(world.exits()[0].reason.code() == StatusCode::kIoError);
  CHECK(!world.IsUp(NodeId(1)));
  CHECK(world.FaultCounts().at("disk_sync_error") == 1);
}

TEST_CASE("World: a crash inside the k-th disk operation ends the node there") {
  for (uint64_t k = 1; k <= 6; ++k) {
    CAPTURE(k);
    World world(Seeded(k));
    AddEchoCluster(world, 2, {.write_every = 10});
    world.CrashAtDiskMutation(NodeId(1), k, CrashKind::kPowerLoss);
    world.RunUntil([&] { return !world.IsUp(NodeId(1)); }, seconds(5));
    CHECK(!world.IsUp(NodeId(1)));
    CHECK(world.FaultCount(WorldFault::kCrashInDisk) == 1);
    CHECK(world.exits().empty());
    world.Boot(NodeId(1));
    world.RunFor(seconds(1));
    CHECK(Pongs(world, NodeId(1)) > 100);
  }
}

uint64_t UnsyncedLosses(World& world, NodeId node) {
  return world.DiskOf(node).fault_counts()[static_cast<size_t>(DiskFault::kUnsyncedLost)];
}

TEST_CASE("World: a power loss reaches a machine whose process has ended") {
  int lost = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    World world(Seeded(seed));
    AddEchoCluster(world, 2, {.write_every = 1});
    const NodeId one(1);
    world.RunFor(seconds(1));
    world.CrashAtDiskMutation(one, 1 + seed % 6, CrashKind::kProcessKill);
    REQUIRE(world.RunUntil([&] { return !world.IsUp(one); }, seconds(5)) == RunOutcome::kConditionMet);
    const uint64_t losses = world.FaultCount(WorldFault::kPowerLoss);
    const uint64_t unsynced = UnsyncedLosses(world, one);
    world.Crash(one, CrashKind::kPowerLoss);
    CHECK(world.FaultCount(WorldFault::kPowerLoss) == losses + 1);
    world.Crash(one, CrashKind::kPowerLoss);  // It has no power to lose.
    CHECK(world.FaultCount(WorldFault::kPowerLoss) == losses + 1);
    lost += UnsyncedLosses(world, one) > unsynced ? 1 : 0;
    world.Boot(one);
    world.RunFor(seconds(1));
    CHECK(world.IsUp(one));
  }
  CHECK(lost > 0);
}

TEST_CASE("World: a stuck disk answers nobody, and goes on when freed") {
  World world(Seeded(8));
  AddEchoCluster(world, 2, {.write_every = 10});
  world.RunFor(milliseconds(500));
  world.SetDiskStuck(NodeId(1), true);
  world.RunFor(milliseconds(100));
  auto* node = static_cast<EchoNode*>(world.NodeOf(NodeId(1)));
  const uint64_t before = node->writes();
  const uint64_t pongs = node->pongs();
  world.RunFor(seconds(1));
  CHECK(node->writes() == before);
  CHECK(node->pongs() > pongs + 100);
  world.SetDiskStuck(NodeId(1), false);
  world.RunFor(seconds(1));
  CHECK(node->writes() > before);
}

TEST_CASE("World: a paused process does nothing, then everything at once") {
  World world(Seeded(9));
  AddEchoCluster(world, 2);
  world.RunFor(seconds(1));
  world.Pause(NodeId(1));
  auto* node = static_cast<EchoNode*>(world.NodeOf(NodeId(1)));
  const uint64_t before = node->pongs();
  world.RunFor(seconds(1));
  CHECK(node->pongs() == before);
  world.Resume(NodeId(1));
  world.RunFor(milliseconds(100));
  CHECK(node->pongs() > before);
}

TEST_CASE("World: after a pause a turn may see the time from before it, FreshNow() never does") {
  bool late = false;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    World world(Seeded(seed));
    AddEchoCluster(world, 2, {});
    const NodeId one(1);
    world.RunFor(seconds(1));
    world.PauseFor(one, seconds(2));
    world.RunFor(seconds(1));
    world.RunUntil([&] { return !world.IsPaused(one); }, seconds(5));
    Duration behind{};
    REQUIRE(world.RunInNode(one, [&](Runtime& runtime) { behind = runtime.clock.FreshNow() - runtime.clock.Now(); }));
    const bool before = behind >= milliseconds(1900);
    CHECK(before == (world.FaultCount(WorldFault::kLateTurn) == 1));
    late |= before;
    REQUIRE(world.RunInNode(one, [&](Runtime& runtime) { behind = runtime.clock.FreshNow() - runtime.clock.Now(); }));
    CHECK(behind < milliseconds(100));
  }
  CHECK(late);
}

TEST_CASE("World: the event budget and the condition end a run") {
  WorldOptions options = Seeded(10);
  options.events_max = 1000;
  World world(options);
  AddEchoCluster(world, 2);
  CHECK(world.RunFor(hours(1)) == RunOutcome::kEventBudget);
  World other(Seeded(10));
  AddEchoCluster(other, 2);
  CHECK(other.RunUntil([&] { return other.events() >= 500; }, hours(1)) == RunOutcome::kConditionMet);
  World empty(Seeded(10));
  CHECK(empty.RunFor(seconds(1)) == RunOutcome::kDeadlock);
}

/// Yields so often, while another of its fibers polls: whose timers are no rest.
class YieldingNode final : public Node {
 public:
  YieldingNode(Runtime& runtime, uint64_t yields) : runtime_(runtime) {
    polls_ = runtime.domain.Spawn("polls", [this] {
      for (;;) runtime_.scheduler.SleepFor(milliseconds(1));
    });
    yields_ = runtime.domain.Spawn("yields", [this, yields] {
      for (uint64_t i = 0; i < yields; ++i) runtime_.scheduler.Yield();
    });
  }
  void RequestStop() override { runtime_.process.Exit(Status::Ok()); }

 private:
  Runtime& runtime_;
  Task polls_;
  Task yields_;
};

TEST_CASE("World: a loop that never comes to rest ends the run, one that works for long does not") {
  for (const uint64_t yields : {uint64_t{20'000}, UINT64_MAX}) {
    World world(Seeded(12));
    world.AddNode(NodeId(1), [yields](Runtime& runtime) { return std::make_unique<YieldingNode>(runtime, yields); });
    world.BootAll();
    const bool endless = yields == UINT64_MAX;
    CHECK(world.RunFor(seconds(1)) == (endless ? RunOutcome::kBusyLoop : RunOutcome::kTimeLimit));
    CHECK((world.Describe().find("turns without pause") != std::string::npos) == endless);
  }
}

TEST_CASE("World: scheduled harness code runs at its time and may do anything") {
  World world(Seeded(11));
  AddEchoCluster(world, 2);
  Duration at{};
  world.Schedule(milliseconds(300), "test/plan", [&] {
    at = world.Now();
    world.Restart(NodeId(2), CrashKind::kPowerLoss);
  });
  world.RunFor(seconds(1));
  CHECK(at == milliseconds(300));
  CHECK(world.BootCount(NodeId(2)) == 2);
}

}  // namespace
}  // namespace orrery::sim
