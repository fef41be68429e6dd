#include "raft/region/peer.h"
#include "runtime/base/probe.h"
#include "runtime/runtime.h"

namespace orrery {

void Peer::Propose(Bytes command, ProposalDone done) {
  if (stopped_) return done(Status(StatusCode::kUnavailable, "the replica has stopped"));
  if (!is_leader()) return done(NotLeader());
  if (!pending_.empty() && pending_bytes_ + command.size() > context_.options.pending_bytes_max) {
    ORRERY_PROBE(context_.runtime.probes, "region.propose.queue_full");
    return done(Status(StatusCode::kBusy, "too many commands wait to be proposed"));
  }
  pending_bytes_ += command.size();
  pending_.push_back(PendingCommand{.command = std::move(command), .done = std::move(done)});
  host_.MarkDirty(*this);
}

void Peer::ProposePending() {
  size_t next = 0;
  while (next < pending_.size()) next = ProposeSome(next);
  pending_.clear();
  pending_bytes_ = 0;
}

/// Packs what fits into one entry, from pending_[from] on; returns where to go on.
size_t Peer::ProposeSome(size_t from) {
  size_t commands_max = context_.options.entry_commands_max;
  if (context_.runtime.probes.Buggify("region.propose.small_entry", 0.1)) commands_max = 1;  // Legal: any packing is.
  std::vector<Bytes> commands;
  size_t bytes = 0;
  size_t end = from;
  for (; end < pending_.size() && commands.size() < commands_max; ++end) {
    Bytes& command = pending_[end].command;
    if (!commands.empty() && bytes + command.size() > context_.options.entry_bytes_max) break;
    bytes += command.size();
    commands.push_back(std::move(command));
  }
  const size_t size = EntrySize(commands);
  raft::Payload payload = raft::Payload::Build(size, [&](char* out) { EncodeEntryTo(commands, out); });
  const Result<LogIndex> index = raft_->Propose(std::move(payload));
  if (!index.ok()) {
    ORRERY_PROBE(context_.runtime.probes, "region.propose.refused");
    const Status why = index.code() == StatusCode::kNotLeader ? NotLeader() : index.status();
    for (size_t i = from; i < end; ++i) pending_[i].done(why);
    return end;
  }
  Proposal proposal{.index = index.value(), .term = raft_->term()};
  proposal.done.reserve(end - from);
  for (size_t i = from; i < end; ++i) proposal.done.push_back(std::move(pending_[i].done));
  proposals_.push_back(std::move(proposal));
  return end;
}

/// `entry` took effect: whoever proposed it is answered. It is what was proposed for its position: who loses
/// leadership abandons all proposals before another leader's entry is applied.
void Peer::ResolveProposals(AppliedEntry& entry) {
  while (!proposals_.empty() && proposals_.front().index <= entry.index) {
    Proposal proposal = std::move(proposals_.front());
    proposals_.pop_front();
    ORRERY_ASSERT(proposal.index == entry.index);
    ORRERY_ASSERT(proposal.term == entry.term);
    ORRERY_ASSERT(proposal.done.size() == entry.outcomes.size());
    for (size_t i = 0; i < proposal.done.size(); ++i) proposal.done[i](std::move(entry.outcomes[i]));
  }
}

/// Proposed entries may still be committed by another leader; what only waits here certainly will not.
void Peer::AbandonProposals(const Status& why, const Status& pending_why) {
  std::vector<PendingCommand> pending;
  pending.swap(pending_);
  pending_bytes_ = 0;
  for (PendingCommand& command : pending) command.done(pending_why);
  std::deque<Proposal> proposals;
  proposals.swap(proposals_);
  if (!proposals.empty()) ORRERY_PROBE(context_.runtime.probes, "region.propose.unknown_outcome");
  for (Proposal& proposal : proposals) {
    for (ProposalDone& done : proposal.done) done(why);
  }
}

}  // namespace orrery
