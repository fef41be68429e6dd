// Snapshots: thesis 5. The core decides that a follower needs one and what its arrival means; taking, streaming and
// installing it is the shell's.
#include <algorithm>
#include <utility>

#include "raft/core/raft.h"

namespace orrery::raft {

void Raft::SendSnapshot(Progress& progress) {
  if (!progress.recent_active) return;  // Nobody would receive it: its next heartbeat answer asks again.
  Result<SnapshotMeta> meta = log_.SnapshotForPeer();
  if (meta.code() == StatusCode::kUnavailable) {
    progress.probe_sent = true;  // Until the next heartbeat answer.
    return;
  }
  if (!meta.ok()) return Fail(meta.status());
  ORRERY_ASSERT(meta->index.Next() >= log_.first_index());
  progress.BecomeSnapshot(meta->index);
  ORRERY_PROBE_IF(options_->probes, "raft.snapshot.sent");
  Send(progress.peer, InstallSnapshot{*std::move(meta)}, After::kTermDurable);
}

void Raft::ReportSnapshotStatus(PeerId peer, bool delivered) {
  Progress* progress = role_ == Role::kLeader ? FindProgress(peer) : nullptr;
  if (progress == nullptr || progress->state != ProgressState::kSnapshot) return;
  if (!delivered) {
    ORRERY_PROBE_IF(options_->probes, "raft.snapshot.failed");
    progress->pending_snapshot = LogIndex();
  }
  progress->BecomeProbe();
  progress->probe_sent = true;  // Its answer, or the next heartbeat's, goes first.
}

void Raft::ReportUnreachable(PeerId peer) {
  Progress* progress = role_ == Role::kLeader ? FindProgress(peer) : nullptr;
  if (progress != nullptr && progress->state == ProgressState::kReplicate) progress->BecomeProbe();
}

void Raft::HandleInstallSnapshot(const Message& message, const InstallSnapshot& install) {
  const SnapshotMeta& meta = install.meta;
  if (meta.index <= log_.commit()) {
    Send(message.from, AppendResponse{.index = log_.commit()}, After::kAllDurable);
    return;
  }
  if (meta.index <= log_.last_index()) {
    const Result<Term> mine = log_.TermAt(meta.index);
    if (!mine.ok()) return Fail(mine.status());
    if (*mine == meta.term) {
      // Everything in it is in this log: learn that it is committed and keep the log.
      ORRERY_PROBE_IF(options_->probes, "raft.snapshot.fast_forward");
      log_.CommitTo(meta.index);
      Send(message.from, AppendResponse{.index = meta.index}, After::kAllDurable);
      return;
    }
  }
  ORRERY_PROBE_IF(options_->probes, "raft.snapshot.installed");
  log_.Restore(meta);
  for (Unpersisted& ready : unpersisted_) ready.last = LogIndex();
  handed_confs_.clear();
  handed_pages_.clear();
  snapshot_untaken_ = true;
  AdoptConf(std::make_shared<const ConfState>(meta.conf));
  Send(message.from, AppendResponse{.index = meta.index}, After::kAllDurable);
}

}  // namespace orrery::raft
