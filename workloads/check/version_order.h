#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "workloads/check/history.h"

namespace orrery::check {

/// One version of a register is known to come before another. Numbers within one key; 0 is nil.
struct VersionOrder {
  uint32_t earlier = 0;
  uint32_t later = 0;
  auto operator<=>(const VersionOrder&) const = default;
};

/// What one committed transaction shows of one key: the version it met and the version it left behind.
struct KeyTouch {
  OpIndex txn = kNoOp;
  uint32_t first = 0;
  uint32_t last = 0;
};

/// Adds the orders that hold if the key by itself is linearizable: what a transaction left behind comes
/// before what a later one (invoked after the return) met. `touches` are by invocation. Stale reads meet
/// nothing. Only orders not implied by others through a transaction in between are added.
void AddRealTimeOrders(const History& history, std::span<const KeyTouch> touches, std::vector<VersionOrder>& orders);

/// Finds versions that would have to come before themselves. Keeps its arrays between calls.
class VersionSorter {
 public:
  static constexpr uint32_t kAcyclic = 0xffffffffu;
  /// A version on (or behind) a cycle of `orders` (sorted), or kAcyclic. Any order that puts a version before
  /// nil is a cycle.
  uint32_t FindCyclic(uint32_t version_count, std::span<const VersionOrder> orders);

 private:
  std::vector<uint32_t> waiting_;
  std::vector<uint32_t> begin_;
  std::vector<uint32_t> ready_;
};

}  // namespace orrery::check
