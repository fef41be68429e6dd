#pragma once

#include <cstddef>
#include <vector>

#include "raft/core/types.h"
#include "runtime/base/status.h"

namespace orrery::raft {

/// Raft's read-only view of what its shell has stored: the durable log and the durable snapshot's meta. Raft never
/// writes; it asks for writes by Ready and learns of them by Advance. Must reflect Ready n before Advance(n), and
/// must not suspend. A failure other than kCompacted makes the peer stop for good (Raft::failure()).
///
/// The store may compact what Raft was told is applied (ReportApplied), and nothing beyond.
/// Positions not yet reported by Advance are never asked for, so a store may be ahead of what Raft knows.
class LogReader {
 public:
  virtual ~LogReader() = default;

  /// Asked once, at construction.
  virtual InitialState Initial() const = 0;
  /// The first position that can still be read: one behind what compaction or a snapshot removed.
  virtual LogIndex FirstIndex() const = 0;
  /// The last position stored; FirstIndex() - 1 if there is none.
  virtual LogIndex LastIndex() const = 0;
  /// Defined in [FirstIndex() - 1, LastIndex()]: the position before the first is known from compaction.
  /// kCompacted below. Requires: index <= LastIndex().
  virtual Result<Term> TermAt(LogIndex index) const = 0;
  /// Appends [begin, end) to `out`, at least one entry, then as many as fit in `bytes_max` (by Entry::ByteSize).
  /// kCompacted if begin < FirstIndex(). Requires: begin < end <= LastIndex() + 1.
  virtual Status Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<Entry>& out) const = 0;
  /// The state a follower could be given now, at or behind FirstIndex() - 1: usually the applied state.
  /// kUnavailable if none can be made now; Raft asks again later.
  virtual Result<SnapshotMeta> Snapshot() const = 0;
};

}  // namespace orrery::raft
