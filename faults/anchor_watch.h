#pragma once

#include <functional>
#include <vector>

#include "faults/capsule/fault_entry.h"
#include "faults/sim_cluster.h"

namespace orrery::faults {

/// Counts what anchors count, by looking at the cluster between events.
class AnchorWatch {
 public:
  /// `cluster` outlives the watch.
  explicit AnchorWatch(SimCluster& cluster) : cluster_(cluster) {}

  /// Calls `reached` once when the anchor is reached, from within Look().
  void Add(const Anchor& anchor, std::function<void()> reached);
  /// After every event.
  void Look();

 private:
  struct Waiting {
    Anchor anchor;
    std::function<void()> reached;
    bool counting = false;
    uint64_t counted_before = 0;
  };

  uint64_t CountOf(const Anchor& anchor) const;
  bool IsReached(Waiting& waiting) const;

  SimCluster& cluster_;
  std::vector<Waiting> waiting_;
};

}  // namespace orrery::faults
