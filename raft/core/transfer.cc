// Leadership transfer: thesis 3.10.
#include "raft/core/raft.h"

namespace orrery::raft {

Status Raft::TransferLeader(PeerId target) {
  ORRERY_RETURN_IF_ERROR(failure_);
  if (role_ != Role::kLeader) return Status(StatusCode::kNotLeader, "leader is peer " + ToString(leader_));
  if (target == id_) return Status(StatusCode::kInvalidArgument, "peer " + ToString(target) + " leads already");
  const Member* member = conf_->Find(target);
  if (member == nullptr || !VotesInNew(member->role)) {
    return Status(StatusCode::kInvalidArgument, "peer " + ToString(target) + " is no voter");
  }
  if (transferee_ == target) return Status::Ok();
  AbortTransfer();
  transferee_ = target;
  const Progress* progress = FindProgress(target);
  ORRERY_ASSERT(progress != nullptr);
  if (progress->match == log_.last_index()) {
    SendTimeoutNow(target);
  } else {
    append_wanted_ = true;  // Its acknowledgement comes back to SendTimeoutNow.
  }
  return Status::Ok();
}

/// From now on `target` may win an election at any moment, however late this arrives: the lease of this term is over.
void Raft::SendTimeoutNow(PeerId target) {
  lease_given_up_ = true;
  Send(target, TimeoutNow{}, After::kTermDurable);
}

void Raft::AbortTransfer() {
  transferee_ = PeerId();
  transfer_elapsed_ = 0;
}

void Raft::HandleTimeoutNow() {
  if (StartCampaign(CampaignKind::kTransfer).ok()) return;
  ORRERY_PROBE_IF(options_->probes, "raft.transfer.declined");
}

}  // namespace orrery::raft
