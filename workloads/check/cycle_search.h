#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workloads/check/dependency_graph.h"

namespace orrery::check {

/// One step of a cycle between transactions; helper nodes are folded away.
struct CycleEdge {
  OpIndex source;
  OpIndex target;
  Dependency dependency;
};
using Cycle = std::vector<CycleEdge>;

/// Adya's name for a cycle: G0, G1c, G-single, G-nonadjacent, G2, with "-session" or "-real-time" if it uses
/// such an edge.
std::string CycleName(const Cycle& cycle);
/// A G-nonadjacent of the shape reader -rw-> writer -wr-> reader -rw-> writer -wr->: two readers saw two
/// writes in opposite orders.
bool IsLongFork(const Cycle& cycle);

struct CycleRequest {
  uint32_t txn_count = 0;         ///< Nodes below are transactions.
  uint8_t order_mask = 0;         ///< EdgeBit(kSession) | EdgeBit(kRealTime), as the level demands.
  bool anti_dependencies = true;  ///< rw edges count (snapshot isolation and above).
  bool adjacent_allowed = false;  ///< Only cycles without two adjacent rw edges are wrong (snapshot isolation).
  uint64_t edges_max = 0;         ///< Budget of the search for smallest cycles.
};

struct CycleAnswer {
  bool broken = false;        ///< Exact, whatever the budget.
  std::vector<Cycle> cycles;  ///< The smallest of each name found; at least one if broken.
  bool minimal = true;        ///< False: the budget ran out; cycles may be longer than needed.
};

/// Looks for cycles the level forbids: first strongly connected components, which decide in linear time, then
/// breadth-first searches for the smallest cycle of each kind.
CycleAnswer FindCycles(const Graph& graph, const CycleRequest& request);

}  // namespace orrery::check
