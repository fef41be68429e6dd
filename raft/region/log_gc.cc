#include <algorithm>

#include "raft/region/peer.h"
#include "runtime/base/probe.h"
#include "runtime/runtime.h"

// Log GC: the leader decides by command how far all replicas may cut, so that any of them can lead. It keeps what the
// slowest follower lacks, within bounds: a follower that is down for long costs a snapshot, not the leader's disk.

namespace orrery {

void Peer::TickLogGc() {
  if (!is_leader() || ++gc_ticks_ < context_.options.log_gc_ticks) return;
  gc_ticks_ = 0;
  uint64_t keep = context_.options.log_entries_min;
  if (context_.runtime.probes.Buggify("region.log_gc.early", 0.1)) keep = 0;  // Legal: snapshots heal any gap.
  const LogIndex safe = SafeToCompact(keep);
  // Each cut is an entry itself: cut in steps worth it, and never for the sake of the last cut alone, or an idle region
  // would write for ever.
  const uint64_t step = std::max<uint64_t>(2, context_.options.log_entries_min / 2);
  if (safe.value() + 1 < log_.FirstIndex().value() + step) return;
  ProposeCompact(safe);
}

/// The last position that may go.
LogIndex Peer::SafeToCompact(uint64_t keep_entries) const {
  LogIndex slowest = applied_;
  for (const raft::Progress& progress : raft_->progress()) {
    if (progress.peer == id()) continue;
    const bool in_snapshot = progress.state == raft::ProgressState::kSnapshot;
    slowest = std::min(slowest, in_snapshot ? progress.pending_snapshot : progress.match);
  }
  const auto behind = [this](uint64_t entries) {
    return LogIndex(applied_.value() > entries ? applied_.value() - entries : 0);
  };
  const LogIndex wanted = std::min(slowest, behind(keep_entries));
  const LogIndex forced = std::min(
      applied_, std::max(behind(context_.options.log_entries_max), log_sizes_.CutFor(context_.options.log_bytes_max)));
  if (forced > wanted) ORRERY_PROBE(context_.runtime.probes, "region.log_gc.forced");
  return std::max(wanted, forced);
}

void Peer::ProposeCompact(LogIndex index) {
  ProposeOwn({.kind = CommandKind::kCompactLog, .index = index});
}

Status Peer::ForceCompact() {
  if (stopped_) return Status(StatusCode::kUnavailable, "the replica has stopped");
  if (!is_leader()) return NotLeader();
  const LogIndex safe = SafeToCompact(0);
  if (safe >= log_.FirstIndex()) ProposeCompact(safe);
  return Status::Ok();
}

void Peer::CompactIfWanted(WriteBatch& batch) {
  if (stopped_ || installing_) return;
  const LogIndex to = std::min(compact_to_, applied_);
  if (to < log_.FirstIndex()) return;
  storage_.CompactTo(batch, to);
  log_sizes_.CompactTo(to);
  ORRERY_PROBE(context_.runtime.probes, "region.log_gc.compacted");
}

}  // namespace orrery
