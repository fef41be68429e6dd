#include "raft/region/observer.h"
#include "raft/region/peer.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/runtime.h"

// Linearizable reads (Raft thesis, section 6.4). By lease: the leader's own state, if no other leader can have been
// elected before now. Else by read index: one round of a quorum for all reads that wait.

namespace orrery {

bool Peer::MayReadByLease() {
  if (stopped_) return false;
  if (!context_.options.lease_reads) return false;
  if (!raft_->MayServeLease()) return false;
  // What earlier leaders acknowledged stands at or before this leader's first entry: it must be applied.
  if (applied_term_ != raft_->term()) return false;
  return !context_.runtime.probes.Buggify("region.read.lease_refused", 0.1);  // Legal: a quorum is always right.
}

bool Peer::LeaseHolds() const {
  if (!raft_->MayServeLease()) return false;
  if (context_.runtime.clock.FreshNow() >= lease_until_) return false;
  if (context_.observer != nullptr) context_.observer->OnLeaseRead(region(), id(), raft_->term(), applied_);
  return true;
}

/// Called before the messages of the round leave: the lease begins no later than that.
void Peer::OnHeartbeatLeaves(uint64_t round) {
  if (!sent_rounds_.empty() && sent_rounds_.back().round >= round) return;
  sent_rounds_.push_back(SentRound{.round = round, .at = context_.runtime.clock.FreshNow()});
}

/// A quorum answered `round`: for election_ticks of their clocks after that its members elect nobody else. Their first
/// tick may come at once, and their clocks may run faster than ours.
void Peer::OnQuorumRound(uint64_t round) {
  while (!sent_rounds_.empty() && sent_rounds_.front().round < round) sent_rounds_.pop_front();
  if (sent_rounds_.empty() || sent_rounds_.front().round != round) return;
  const int64_t ticks = static_cast<int64_t>(context_.options.raft.election_ticks) - 1;
  const int64_t percent = 100 - static_cast<int64_t>(context_.options.clock_drift_percent);
  const Instant until = sent_rounds_.front().at + Duration(context_.options.tick.count() * ticks / 100 * percent);
  lease_until_ = std::max(lease_until_, until);
  if (context_.observer == nullptr || !context_.options.lease_reads) return;
  context_.observer->OnLease(region(), id(), raft_->term(), lease_until_);
}

void Peer::ForgetLease() {
  sent_rounds_.clear();
  lease_until_ = Instant::Min();
}

void Peer::ReadBarrier(Deadline deadline, ReadDone done) {
  if (stopped_) return done(Status(StatusCode::kUnavailable, "the replica has stopped"));
  if (!is_leader()) return done(NotLeader());
  if (reads_ >= context_.options.pending_reads_max) {
    ORRERY_PROBE(context_.runtime.probes, "region.read.queue_full");
    return done(Status(StatusCode::kBusy, "too many reads wait for a quorum"));
  }
  ++reads_;
  new_reads_.push_back(WaitingRead{.deadline = deadline, .done = std::move(done)});
  host_.MarkDirty(*this);
}

void Peer::AskForReads() {
  if (new_reads_.empty()) return;
  // A number no other life of this peer has used: the key is new at every start.
  const uint64_t context = Mix64(read_context_ + read_rounds_.size());
  read_context_ = context;
  const Status asked = raft_->ReadIndex(context);
  if (!asked.ok()) {
    std::vector<WaitingRead> reads;
    reads.swap(new_reads_);
    reads_ -= reads.size();
    const Status why = asked.code() == StatusCode::kNotLeader ? NotLeader() : asked;
    for (WaitingRead& read : reads) read.done(why);
    return;
  }
  if (context_.observer != nullptr) context_.observer->OnReadAsked(region(), id(), context);
  read_rounds_.push_back(ReadRound{.context = context, .reads = std::move(new_reads_)});
  new_reads_.clear();
}

void Peer::OnReadState(const raft::ReadState& state) {
  for (auto round = read_rounds_.begin(); round != read_rounds_.end(); ++round) {
    if (round->context != state.context) continue;
    indexed_reads_.push_back(
        IndexedRead{.index = state.index, .context = state.context, .reads = std::move(round->reads)});
    read_rounds_.erase(round);
    return;
  }
  ORRERY_PROBE(context_.runtime.probes, "region.read.late_answer");
}

/// Indexes never fall within a term, and a new term forgets all reads.
void Peer::ServeReads() {
  while (!indexed_reads_.empty() && indexed_reads_.front().index <= applied_) {
    IndexedRead indexed = std::move(indexed_reads_.front());
    indexed_reads_.pop_front();
    reads_ -= indexed.reads.size();
    if (context_.observer != nullptr) context_.observer->OnReadServed(region(), id(), indexed.context, applied_);
    for (WaitingRead& read : indexed.reads) read.done(Status::Ok());
  }
}

void Peer::FailReads(const Status& why) {
  std::vector<WaitingRead> reads = std::move(new_reads_);
  new_reads_.clear();
  const auto take = [&reads](std::vector<WaitingRead>& more) {
    for (WaitingRead& read : more) reads.push_back(std::move(read));
  };
  for (ReadRound& round : read_rounds_) take(round.reads);
  for (IndexedRead& indexed : indexed_reads_) take(indexed.reads);
  read_rounds_.clear();
  indexed_reads_.clear();
  reads_ = 0;
  for (WaitingRead& read : reads) read.done(why);
}

/// A round's messages may be lost: after an election timeout its reads ask again.
void Peer::TickReads() {
  const Instant now = context_.runtime.clock.Now();
  for (ReadRound& round : read_rounds_) ++round.asked_ticks_ago;
  while (!read_rounds_.empty() && read_rounds_.front().asked_ticks_ago > context_.options.raft.election_ticks) {
    ORRERY_PROBE(context_.runtime.probes, "region.read.asked_again");
    ReadRound round = std::move(read_rounds_.front());
    read_rounds_.pop_front();
    for (WaitingRead& read : round.reads) {
      if (read.deadline.PassedAt(now)) {
        --reads_;
        read.done(Status(StatusCode::kTimeout, "no quorum confirmed the read in time"));
      } else {
        new_reads_.push_back(std::move(read));
      }
    }
  }
}

}  // namespace orrery
