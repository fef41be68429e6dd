#include "raft/core/model/model_node.h"

#include <iterator>
#include <utility>

#include "raft/core/invariants.h"

namespace orrery::raft {

ModelNode::ModelNode(PeerId id, const RaftOptions& options, const InitialState& initial, uint64_t seed,
                     GroupOracle* oracle)
    : id_(id), options_(options), seed_(seed), oracle_(oracle), disk_(initial) {
  Restart();
}

void ModelNode::Restart() {
  ORRERY_ASSERT(raft_ == nullptr);
  raft_ = std::make_unique<Raft>(id_, options_, disk_, seed_);
  last_view_ = raft_->View();
  if (oracle_ != nullptr) oracle_->Started(id_, disk_.applied());
}

void ModelNode::Crash() {
  raft_.reset();
  writes_.clear();
  reads_.clear();
}

void ModelNode::Pump(std::vector<Message>& out) {
  while (raft_->HasReady()) {
    Ready ready = raft_->TakeReady();
    out.insert(out.end(), ready.send_now.begin(), ready.send_now.end());
    Apply(ready);
    reads_.insert(reads_.end(), ready.reads.begin(), ready.reads.end());
    taken.push_back(ready);
    if (ready.NeedsPersist()) writes_.push_back(std::move(ready));
  }
}

void ModelNode::Apply(const Ready& ready) {
  if (ready.committed.empty()) return;
  for (const Entry& entry : ready.committed) {
    if (oracle_ != nullptr && broken_.ok()) broken_ = oracle_->Applied(id_, entry);
  }
  if (!ready.conf_changes.empty()) disk_.StoreConf(ready.conf_changes.back().conf);
  const Entry& last = ready.committed.back();
  disk_.StoreApplied(last.index, last.term);
  raft_->ReportApplied(last.index);
}

void ModelNode::Persist(size_t count, std::vector<Message>& out) {
  ReadyNumber number;
  for (; count > 0 && !writes_.empty(); --count) {
    const Ready& ready = writes_.front();
    if (ready.snapshot && oracle_ != nullptr && broken_.ok()) broken_ = oracle_->Installed(id_, *ready.snapshot);
    disk_.Store(ready);
    number = ready.number;
    writes_.pop_front();
  }
  if (number.value() == 0) return;
  std::vector<Message> released = raft_->Advance(Persisted(number));
  out.insert(out.end(), std::make_move_iterator(released.begin()), std::make_move_iterator(released.end()));
}

Status ModelNode::Check() {
  ORRERY_RETURN_IF_ERROR(broken_);
  if (!running()) return Status::Ok();
  ORRERY_RETURN_IF_ERROR(raft_->failure());
  ORRERY_RETURN_IF_ERROR(RaftInvariants::CheckState(*raft_));
  const RaftView view = raft_->View();
  const RaftView before = std::exchange(last_view_, view);
  ORRERY_RETURN_IF_ERROR(RaftInvariants::CheckDelta(before, view));
  return oracle_ == nullptr ? Status::Ok() : oracle_->Observe(*raft_);
}

}  // namespace orrery::raft
