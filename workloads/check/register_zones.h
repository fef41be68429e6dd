#pragma once

#include <optional>
#include <span>
#include <vector>

#include "workloads/check/history.h"

namespace orrery::check {

/// The answer for one plain register. Empty: linearizable. Else the operations that cannot be ordered.
struct ZoneAnswer {
  std::vector<OpIndex> conflict;
  bool garbage = false;  ///< The conflict is one read, of a value that nobody wrote.
  bool linearizable() const { return conflict.empty(); }
};

/// Decides one register in O(n log n) if it is plain: one key, single reads and writes only, no value
/// written twice or equal to `initial`. Not plain: no answer.
///
/// A value's operations form a cluster that must stand together in any order. Cluster a must come before b
/// if some operation of a returns before some operation of b is invoked; the register is linearizable if and
/// only if no two clusters must come before each other and no read returns before its write is invoked
/// (Gibbons and Korach, "Testing Shared Memories", SIAM J. Comput. 26(4), 1997).
std::optional<ZoneAnswer> CheckZones(const History& history, std::span<const OpIndex> ops, Value initial);

}  // namespace orrery::check
