#include "faults/sim_cluster.h"

#include <doctest/doctest.h>

#include "faults/knobs.h"
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

}  // namespace
}  // namespace orrery::faults
