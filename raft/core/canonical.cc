// One peer's state as canonical bytes: for state hashing in the explorer and for comparing copies in tests.
#include <algorithm>
#include <utility>

#include "raft/core/codec.h"
#include "raft/core/raft.h"

namespace orrery::raft {

void Raft::AppendCanonical(Bytes& out) const {
  AppendCanonical(out, [](PeerId peer) { return peer; });
}

void Raft::AppendCanonical(Bytes& out, Rename rename) const {
  Encoder e(out);
  const auto flags = static_cast<uint8_t>(term_dirty_ | snapshot_untaken_ << 1 | append_wanted_ << 2 |
                                          lease_given_up_ << 3 | !failure_.ok() << 4);
  e.Fixed8(static_cast<uint8_t>(role_)).Fixed8(flags).Varint(rename(id_).value()).Varint(term_.value());
  e.Varint(rename(vote_).value()).Varint(rename(leader_).value()).Varint(rename(transferee_).value());
  e.Varint(election_elapsed_).Varint(heartbeat_elapsed_).Varint(vote_hold_ticks_).Varint(transfer_elapsed_);
  AppendCanonicalLog(e, rename);
  AppendCanonicalConf(e, *conf_, rename);
  AppendCanonicalLeader(e, rename);
  AppendCanonicalOutput(e, rename);
}

void Raft::AppendCanonicalLog(Encoder& e, Rename rename) const {
  for (const LogIndex index :
       {log_.last_index(), log_.commit(), log_.persisted(), log_.handed(), log_.applied(), log_.stored_through()}) {
    e.Varint(index.value());
  }
  e.Varint(log_.last_term().value());
  e.Fixed8(log_.has_pending_snapshot());
  if (const SnapshotMeta* meta = log_.pending_snapshot()) {
    e.Varint(meta->index.value()).Varint(meta->term.value());
    AppendCanonicalConf(e, meta->conf, rename);
  }
  // The stored part of the cache repeats storage.
  for (LogIndex index = log_.persisted().Next(); index <= log_.last_index(); ++index) {
    const Entry& entry = log_.InMemory(index);
    e.Varint(entry.term.value()).Fixed8(static_cast<uint8_t>(entry.kind)).LengthPrefixed(entry.payload.view());
  }
}

void Raft::AppendCanonicalConf(Encoder& e, const ConfState& conf, Rename rename) {
  std::vector<std::pair<PeerId, const Member*>> members;
  members.reserve(conf.members.size());
  for (const Member& member : conf.members) members.emplace_back(rename(member.peer), &member);
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  e.Fixed8(conf.auto_leave).Varint(members.size());
  for (const auto& [peer, member] : members) {
    e.Varint(peer.value()).Fixed8(static_cast<uint8_t>(member->role)).LengthPrefixed(member->context.view());
  }
}

void Raft::AppendCanonicalLeader(Encoder& e, Rename rename) const {
  std::vector<std::pair<PeerId, const Progress*>> progress;
  for (const Progress& p : progress_) progress.emplace_back(rename(p.peer), &p);
  std::sort(progress.begin(), progress.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  e.Varint(progress.size());
  for (const auto& [peer, p] : progress) {
    e.Varint(peer.value()).Fixed8(static_cast<uint8_t>(p->state)).Fixed8(p->probe_sent | p->recent_active << 1);
    e.Varint(p->match.value()).Varint(p->next.value()).Varint(p->pending_snapshot.value());
    e.Varint(p->acked_round).Varint(p->told_commit.value()).Varint(p->inflights.size());
    for (const Inflights::Sent& sent : p->inflights) e.Varint(sent.last.value()).Varint(sent.bytes);
  }
  std::vector<std::pair<PeerId, bool>> votes;
  for (const Ballot& ballot : votes_) votes.emplace_back(rename(ballot.peer), ballot.granted);
  std::sort(votes.begin(), votes.end());
  e.Varint(votes.size());
  for (const auto& [peer, granted] : votes) e.Varint(peer.value()).Fixed8(granted);
  e.Varint(heartbeat_round_).Varint(quorum_round_).Varint(uncommitted_bytes_).Varint(term_start_.value());
  e.Varint(pending_conf_index_.value()).Varint(reads_.size());
  for (const PendingRead& read : reads_) {
    e.Varint(read.context).Varint(rename(read.from).value()).Varint(read.index.value()).Varint(read.round);
  }
}

/// Ready numbers count from the last persisted one: lives that differ only in how much they wrote are equal.
void Raft::AppendCanonicalOutput(Encoder& e, Rename rename) const {
  const uint64_t base = persisted_number_.value();
  const auto relative = [base](ReadyNumber number) { return number.value() > base ? number.value() - base : 0; };
  e.Varint(relative(last_number_)).Varint(relative(term_number_)).Varint(stored_commit_.value());
  e.Varint(unpersisted_.size());
  for (const Unpersisted& ready : unpersisted_) {
    e.Varint(relative(ready.number)).Varint(ready.last.value()).Varint(ready.snapshot.value());
  }
  const auto put_message = [&e, &rename](const Message& message) {
    Bytes bytes;
    AppendCanonicalMessage(message, bytes, rename);
    e.LengthPrefixed(bytes);
  };
  e.Varint(outbox_now_.size());
  for (const Message& message : outbox_now_) put_message(message);
  e.Varint(held_.size());
  for (const Held& held : held_) {
    e.Varint(relative(held.number));
    put_message(held.message);
  }
  e.Varint(read_states_.size());
  for (const ReadState& read : read_states_) e.Varint(read.context).Varint(read.index.value());
  e.Varint(handed_confs_.size());
  for (const ConfAt& at : handed_confs_) {
    e.Varint(at.index.value());
    AppendCanonicalConf(e, at.conf, rename);
  }
  e.Varint(handed_pages_.size());
  for (const HandedPage& page : handed_pages_) e.Varint(page.last.value()).Varint(page.bytes);
  e.Fixed8(static_cast<uint8_t>(told_soft_state_.role)).Varint(rename(told_soft_state_.leader).value());
  e.Varint(told_soft_state_.term.value()).Varint(told_quorum_round_);
}

void AppendCanonicalMessage(const Message& message, Bytes& out, Raft::Rename rename) {
  Message renamed = message;
  renamed.from = rename(message.from);
  renamed.to = rename(message.to);
  if (auto* install = std::get_if<InstallSnapshot>(&renamed.body)) {
    for (Member& member : install->meta.conf.members) member.peer = rename(member.peer);
    std::sort(install->meta.conf.members.begin(), install->meta.conf.members.end(),
              [](const Member& a, const Member& b) { return a.peer < b.peer; });
  }
  EncodeMessage(renamed, out);
}

}  // namespace orrery::raft
