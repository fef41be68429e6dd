#include "faults/oracles.h"

#include <doctest/doctest.h>

namespace orrery::faults {
namespace {

constexpr StateHash kLeading{.hash = 1, .pairs_hash = 2, .pairs = 10};

TEST_CASE("ClusterOracle: how a replica's state differs is told against the leader's") {
  CHECK(DivergenceKind({.hash = 9, .pairs_hash = 8, .pairs = 9}, kLeading) == "fewer-pairs");
  CHECK(DivergenceKind({.hash = 9, .pairs_hash = 8, .pairs = 11}, kLeading) == "more-pairs");
  CHECK(DivergenceKind({.hash = 9, .pairs_hash = 8, .pairs = 10}, kLeading) == "pairs");
  CHECK(DivergenceKind({.hash = 9, .pairs_hash = 2, .pairs = 10}, kLeading) == "beside-data");

  for (const uint64_t leader : {1, 2}) {
    CAPTURE(leader);
    ClusterOracle oracle([](StoreId) { return std::nullopt; });
    oracle.ObserverOf(StoreId(leader))->OnLeader(RegionId(1), PeerId(leader), Term(3));
    oracle.ObserverOf(StoreId(1))->OnStateHash(RegionId(1), PeerId(1), LogIndex(7), kLeading);
    CHECK(oracle.verdict().verdict == LawReport::Verdict::kHolds);
    oracle.ObserverOf(StoreId(2))->OnStateHash(RegionId(1), PeerId(2), LogIndex(7), {.hash = 9, .pairs = 11});
    CHECK(oracle.verdict().law == "replica-divergence");
    CHECK(oracle.verdict().kind == (leader == 1 ? "more-pairs" : "fewer-pairs"));
  }
}

TEST_CASE("ClusterOracle: snapshots since healing are those of the store that was sent most") {
  ClusterOracle oracle([](StoreId) { return std::nullopt; });
  StoreObserver* const sender = oracle.ObserverOf(StoreId(1));
  CHECK(oracle.SnapshotsSinceHealing().count == 0);
  for (int i = 0; i < 5; ++i) sender->OnSnapshotSending(RegionId(1), StoreId(2));
  oracle.OnHealed();
  CHECK(oracle.SnapshotsSinceHealing().count == 0);
  for (const uint64_t to : {3, 2, 3}) sender->OnSnapshotSending(RegionId(1), StoreId(to));
  CHECK(oracle.SnapshotsSinceHealing().count == 2);
  CHECK(oracle.SnapshotsSinceHealing().where == StoreId(3));
}

}  // namespace
}  // namespace orrery::faults
