#include "faults/sim_cluster.h"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/fault_executor.h"
#include "faults/fault_resolver.h"
#include "faults/knobs.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"
#include "sim/world.h"

namespace orrery::faults {
namespace {

TEST_CASE(
    "SimCluster: a store that is hit again while it is replaced is damaged when it has arrived, and replaced again") {
  sim::World world({.choices = {.seed = 7}});
  SimCluster cluster(world, ClusterShape{.stores = 3, .options = DrawStoreOptions(Random(7), false)});
  cluster.Initialise();
  REQUIRE(world.RunUntil([&] { return cluster.initialised(); }, seconds(60)) == sim::RunOutcome::kConditionMet);
  const StoreId first(1);
  const StoreId second(2);

  cluster.LoseDisk(first);
  CHECK_FALSE(cluster.MayDamage(second));
  REQUIRE(cluster.MayDamage(first));
  cluster.MarkDamaged(first);  // A bit of its new disk, say, that nobody reads for now.
  REQUIRE(world.RunUntil([&] { return cluster.replaced() == 1; }, seconds(120)) == sim::RunOutcome::kConditionMet);
  CHECK(cluster.damaged().contains(first));
  CHECK_FALSE(cluster.MayDamage(second));

  // It loses that disk too and is replaced once more; nothing is left of the damage then.
  const auto whole = [&] { return cluster.replaced() == 2 && cluster.Whole(); };
  REQUIRE(world.RunUntil(whole, seconds(120)) == sim::RunOutcome::kConditionMet);
  CHECK(cluster.MayDamage(second));
  for (const NodeId node : world.nodes()) world.Crash(node, sim::CrashKind::kProcessKill);
}

TEST_CASE("SimCluster: it says what stands still") {
  sim::World world({.choices = {.seed = 5}});
  SimCluster cluster(world, ClusterShape{.stores = 3, .options = DrawStoreOptions(Random(5), false)});
  CHECK(cluster.Standstill(Duration(0)) == "no-leader");
  cluster.Initialise();
  const ClusterOracle& oracle = cluster.oracle();
  REQUIRE(world.RunUntil([&] { return cluster.initialised() && oracle.leader().valid(); }, seconds(60)) ==
          sim::RunOutcome::kConditionMet);
  world.RunFor(seconds(3));
  CHECK(cluster.Standstill(seconds(1)) == "clients");

  const StoreId leader = oracle.leader();
  const StoreId asleep(leader == StoreId(1) ? 2 : 1);
  const StoreId next(6 - leader.value() - asleep.value());
  FaultExecutor executor(cluster, nullptr);
  REQUIRE(
      executor
          .Execute({.id = "pause#1", .kind = FaultKind::kPause, .lasts = seconds(60), .targets = {NodeIdOf(asleep)}})
          .ok());
  cluster.AskToTransfer(next);
  world.RunFor(seconds(10));
  CHECK(oracle.leader() == next);
  CHECK(cluster.Standstill(seconds(1)) == "member-behind");

  cluster.HoldDown(asleep, true);
  world.Crash(NodeIdOf(asleep), sim::CrashKind::kProcessKill);
  CHECK(cluster.Standstill(seconds(1)) == "store-down");
  for (const NodeId node : world.nodes()) world.Crash(node, sim::CrashKind::kProcessKill);
}

TEST_CASE("Fading leader: followers lose it one after the other, and the last restarts when it does") {
  sim::World world({.choices = {.seed = 11}});
  SimCluster cluster(world, ClusterShape{.stores = 5, .options = DrawStoreOptions(Random(11), false)});
  cluster.Initialise();
  REQUIRE(world.RunUntil([&] { return cluster.initialised() && cluster.oracle().leader().valid(); }, seconds(60)) ==
          sim::RunOutcome::kConditionMet);
  const FaultResolver resolver(cluster);
  const std::optional<FaultEntry> fault = resolver.Resolve(FaultKind::kFadingLeader, Random(5), seconds(4));
  REQUIRE(fault);
  CHECK(fault->targets == std::vector<NodeId>{NodeIdOf(cluster.oracle().leader())});
  REQUIRE(fault->steps.size() == 3);  // With the two that still hear it the leader has a quorum, until the last one.
  std::set<StoreId> losers;
  for (const FaultStep& step : fault->steps) {
    losers.insert(step.store);
    CHECK(NodeIdOf(step.store) != fault->targets[0]);
    CHECK(step.after <= fault->steps.back().after);
    CHECK(step.until == seconds(4));
  }
  CHECK(losers.size() == 3);
  CHECK(fault->others == std::vector<NodeId>{NodeIdOf(fault->steps.back().store)});

  FaultExecutor executor(cluster, nullptr);
  const uint64_t restarts = world.FaultCount(sim::WorldFault::kRestart);
  REQUIRE(executor.Execute(*fault).ok());
  world.RunFor(fault->steps.back().after - Duration(1));
  CHECK(world.FaultCount(sim::WorldFault::kRestart) == restarts);
  world.RunFor(milliseconds(500));
  CHECK(world.FaultCount(sim::WorldFault::kRestart) == restarts + 1);
  const auto whole = [&] { return cluster.Whole(); };
  CHECK(world.RunUntil(whole, seconds(60)) == sim::RunOutcome::kConditionMet);
  for (const NodeId node : world.nodes()) world.Crash(node, sim::CrashKind::kProcessKill);
}

TEST_CASE("Snapshot: a leader that cannot read its own state stops, and leads no more") {
  StoreOptions options = DrawStoreOptions(Random(3), false);
  options.region.log_entries_max = 20;
  options.region.log_entries_min = 0;
  options.region.consistency_check_ticks = 1'000'000;  // Nobody else reads the damage first.
  options.engine.write_buffer_bytes = uint64_t{16} << 10;
  options.engine.block_cache_bytes = 0;
  options.engine.level0_compaction_files = 64;
  options.engine.level0_stop_files = 256;
  sim::World world({.choices = {.seed = 3}});
  SimCluster cluster(world, ClusterShape{.stores = 3, .options = options});
  cluster.Initialise();
  REQUIRE(world.RunUntil([&] { return cluster.initialised() && cluster.oracle().leader().valid(); }, seconds(60)) ==
          sim::RunOutcome::kConditionMet);
  const StoreId leader = cluster.oracle().leader();
  const StoreId behind(leader == StoreId(1) ? 2 : 1);
  world.Crash(NodeIdOf(behind), sim::CrashKind::kProcessKill);
  cluster.HoldDown(behind, true);
  bool written = false;
  cluster.RunOnOperator({"writes", 0}, [&](ClientHost& host) {
    for (int i = 0; i < 200; ++i) {
      const Deadline deadline = Deadline::After(host.runtime().clock.Now(), seconds(10));
      CHECK(host.kv().Put("key" + std::to_string(i), Bytes(500, 'v'), deadline).ok());
    }
    written = true;
  });
  REQUIRE(world.RunUntil([&] { return written; }, seconds(60)) == sim::RunOutcome::kConditionMet);
  world.RunFor(seconds(2));  // What the other lacks is no longer in the log.
  REQUIRE(cluster.oracle().leader() == leader);

  cluster.MarkDamaged(leader);
  for (uint64_t i = 0; i < 40; ++i) {
    const auto where = sim::SimDisk::RotWhere::kAnywhere;
    REQUIRE(world.DiskOf(NodeIdOf(leader)).FlipBit(sim::PathClass::kTable, where, Random(i)));
  }
  const uint64_t sent = cluster.oracle().SeenOf(Moment::kSend).count;
  cluster.HoldDown(behind, false);
  cluster.EnsureUp(behind);
  CHECK(world.RunUntil([&] { return !world.IsUp(NodeIdOf(leader)); }, seconds(20)) == sim::RunOutcome::kConditionMet);
  CHECK(cluster.oracle().SeenOf(Moment::kSend).count > sent);
  CHECK(cluster.unexplained_exit().empty());
  const auto whole = [&] { return cluster.Whole() && cluster.replaced() == 1; };
  CHECK(world.RunUntil(whole, seconds(120)) == sim::RunOutcome::kConditionMet);
  for (const NodeId node : world.nodes()) world.Crash(node, sim::CrashKind::kProcessKill);
}

}  // namespace
}  // namespace orrery::faults
