#pragma once

#include <optional>
#include <string>
#include <vector>

#include "faults/capsule/fault_entry.h"
#include "faults/sim_cluster.h"
#include "runtime/base/random.h"

namespace orrery::faults {

/// Decides whom a fault hits and how hard: a function of the random key it is given and of what the cluster is like
/// now. Changes nothing.
class FaultResolver {
 public:
  /// `cluster` outlives the resolver.
  explicit FaultResolver(SimCluster& cluster) : cluster_(cluster) {}

  /// Nothing is left open in the entry but its id and time. Nullopt: nobody could be hit now.
  std::optional<FaultEntry> Resolve(FaultKind kind, Random random, Duration lasts) const;
  /// Turns a resolved fault of one store against whom `aim` says; `there` is where its moment came. False: nobody could
  /// be hit now. Kinds that hit several stores, or any, stay as they are.
  bool TakeAim(FaultEntry& fault, Aim aim, StoreId there) const;
  const ClusterOracle::Seen& SeenOf(Moment moment) const { return cluster_.oracle().SeenOf(moment); }

 private:
  bool ResolveNetwork(FaultEntry& fault, Random& random, Duration lasts) const;
  bool ResolveProcess(FaultEntry& fault, Random& random, Duration lasts) const;
  bool ResolveDisk(FaultEntry& fault, Random& random) const;
  bool ResolveClock(FaultEntry& fault, Random& random) const;
  bool ResolveMembership(FaultEntry& fault, Random& random) const;

  void Swizzle(FaultEntry& fault, const Random& random, Duration lasts) const;
  bool Fade(FaultEntry& fault, Random& random, Duration lasts) const;
  bool Halves(FaultEntry& fault, Random& random) const;
  void Resets(FaultEntry& fault, const Random& random, Duration lasts) const;
  void BlackOut(FaultEntry& fault, const Random& random, Duration lasts) const;
  void CrashLoop(FaultEntry& fault, Random& random) const;

  std::vector<NodeId> OthersThan(StoreId victim) const;
  StoreId AnyStore(Random& random) const;
  StoreId AnyMember(Random& random) const;
  /// Often the leader, because that is where it hurts.
  StoreId LeaderOrAny(Random& random) const;
  std::optional<StoreId> AnyUp(Random& random) const;

  SimCluster& cluster_;
};

}  // namespace orrery::faults
