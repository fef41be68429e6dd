#include "faults/raft_laws.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "raft/core/quorum_laws.h"

namespace orrery::faults {
namespace {

/// The kind of a promise that the store forgot with its disk: it speaks as the peer it was.
constexpr char kNewDisk[] = "new-disk";

}  // namespace

RaftLaws::RaftLaws(Clocks clocks, Break on_broken) : clocks_(std::move(clocks)), break_(std::move(on_broken)) {}

void RaftLaws::Broken(std::string law, std::string words, std::string kind) {
  break_(std::move(law), std::move(words), std::move(kind));
}

RaftLaws::PeerFacts& RaftLaws::Group::Of(PeerId peer) {
  for (PeerFacts& facts : peers) {
    if (facts.id == peer) return facts;
  }
  PeerFacts& added = peers.emplace_back();
  added.id = peer;
  return added;
}

const RaftLaws::PeerFacts* RaftLaws::Group::Find(PeerId peer) const {
  const auto found =
      std::find_if(peers.begin(), peers.end(), [peer](const PeerFacts& facts) { return facts.id == peer; });
  return found == peers.end() ? nullptr : &*found;
}

void RaftLaws::OnStarted(StoreId store, RegionId region, const raft::RaftView& view) {
  PeerFacts& peer = groups_[region].Of(view.id);
  const bool new_disk = new_disks_.erase(store) > 0;
  CheckTermKept(peer, region, view, new_disk);
  const bool installed = peer.installing_first > LogIndex() && view.first_index == peer.installing_first;
  if (view.last_index < peer.persisted && !installed) {
    Broken("durable-log-kept",
           fmt::format("region {}: the log of peer {} was durable up to {}; store {} started with one that ends at {}",
                       region.value(), view.id.value(), peer.persisted.value(), store.value(), view.last_index.value()),
           new_disk ? kNewDisk : "");
  }
  peer.cast.clear();
  peer.persisted = view.persisted;
  peer.installing_first = LogIndex();
  peer.commit = view.commit;
  peer.term = view.term;
  peer.leads = false;
  peer.may_serve_lease = false;
  peer.lease.reset();
}

void RaftLaws::OnView(StoreId, RegionId region, const raft::RaftView& view, const raft::ConfState& conf) {
  Group& group = groups_[region];
  PeerFacts& peer = group.Of(view.id);
  CheckTermKept(peer, region, view, false);
  CountVotes(group, peer, view);
  if (!view.installing) peer.persisted = view.persisted;
  peer.installing_first = view.installing ? view.first_index : LogIndex();
  const bool led = peer.leads && peer.term == view.term;
  const bool committed = view.commit > peer.commit;
  peer.leads = view.role == raft::Role::kLeader;
  peer.term = view.term;
  peer.commit = view.commit;
  peer.may_serve_lease = view.may_serve_lease;
  if (peer.leads && !led) {
    peer.first_entry = view.last_index;  // Appended in the step that made it leader.
    OnElected(group, region, view, conf);
  }
  if (led && peer.leads && committed) CheckDurable(group, region, view, conf);
  group.commit_max = std::max(group.commit_max, view.commit);
}

/// A vote counts as soon as it is durable, even if the peer has gone on to another term by then.
void RaftLaws::CountVotes(Group& group, PeerFacts& peer, const raft::RaftView& view) {
  const bool seen = peer.cast.empty() ? view.term == peer.durable_term && view.vote == peer.durable_vote
                                      : view.term == peer.cast.back().term && view.vote == peer.cast.back().vote;
  if (!seen) peer.cast.push_back(Cast{.term = view.term, .vote = view.vote, .ready = view.term_ready});
  for (; !peer.cast.empty() && peer.cast.front().ready <= view.persisted_ready; peer.cast.pop_front()) {
    const Cast& cast = peer.cast.front();
    peer.durable_term = cast.term;
    peer.durable_vote = cast.vote;
    if (cast.vote.valid()) group.ballots[cast.term].push_back(Ballot{.voter = view.id, .candidate = cast.vote});
  }
}

void RaftLaws::CheckTermKept(const PeerFacts& peer, RegionId region, const raft::RaftView& view, bool new_disk) {
  const bool term_lost = view.term < peer.durable_term;
  const bool vote_lost = view.term == peer.durable_term && peer.durable_vote.valid() && view.vote != peer.durable_vote;
  if (!term_lost && !vote_lost) return;
  Broken("durable-vote-kept",
         fmt::format("region {}: peer {} had entered term {} and voted for peer {}, durably; now it is in term {} and "
                     "voted for peer {}",
                     region.value(), view.id.value(), peer.durable_term.value(), peer.durable_vote.value(),
                     view.term.value(), view.vote.value()),
         new_disk ? kNewDisk : "");
}

void RaftLaws::OnElected(Group& group, RegionId region, const raft::RaftView& view, const raft::ConfState& conf) {
  const std::vector<Ballot>& ballots = group.ballots[view.term];
  const auto voted = [&](PeerId voter) {
    return std::any_of(ballots.begin(), ballots.end(),
                       [&](const Ballot& ballot) { return ballot.voter == voter && ballot.candidate == view.id; });
  };
  if (!raft::HeldByMajorities(conf, voted)) {
    std::string voters;
    for (const Ballot& ballot : ballots) {
      if (ballot.candidate == view.id) voters += " " + ToString(ballot.voter);
    }
    Broken("elected-by-quorum",
           fmt::format("region {}: peer {} leads term {} by the durable votes of{}, which is no quorum of \"{}\"",
                       region.value(), view.id.value(), view.term.value(), voters.empty() ? " nobody" : voters,
                       conf.ToString()));
  }
  for (const PeerFacts& other : group.peers) {
    if (other.id != view.id) CheckLease(other, region, view.id, view.term);
  }
  if (view.term < group.leader_term) return;
  group.leader_term = view.term;
  group.leader = view.id;
}

void RaftLaws::CheckDurable(const Group& group, RegionId region, const raft::RaftView& view,
                            const raft::ConfState& conf) {
  const auto holds = [&](PeerId peer) {
    const PeerFacts* facts = group.Find(peer);
    return facts != nullptr && facts->persisted >= view.commit;
  };
  if (raft::HeldByMajorities(conf, holds)) return;
  std::string holders;
  for (const raft::Member& member : conf.members) {
    const PeerFacts* facts = group.Find(member.peer);
    holders += fmt::format(" peer {} up to {},", member.peer.value(), facts == nullptr ? 0 : facts->persisted.value());
  }
  Broken("durable-quorum", fmt::format("region {}: peer {}, leader of term {}, has committed up to {}; durable are:{} "
                                       "which is no quorum of \"{}\"",
                                       region.value(), view.id.value(), view.term.value(), view.commit.value(), holders,
                                       conf.ToString()));
}

/// `leader` leads `term`. `holder` may read by no lease of an earlier one.
void RaftLaws::CheckLease(const PeerFacts& holder, RegionId region, PeerId leader, Term term) {
  if (!holder.lease || !holder.leads || !holder.may_serve_lease) return;
  if (holder.lease->term != holder.term || holder.term >= term) return;
  const std::optional<Moment> now = clocks_(holder.lease->store);
  if (!now || now->life != holder.lease->life || now->clock >= holder.lease->until) return;
  Broken("lease-exclusive",
         fmt::format("region {}: peer {} leads term {}, while peer {} may read by its lease of term {} for another "
                     "{:.3f} ms",
                     region.value(), leader.value(), term.value(), holder.id.value(), holder.term.value(),
                     static_cast<double>((holder.lease->until - now->clock).count()) / 1e6));
}

void RaftLaws::OnLease(StoreId store, RegionId region, PeerId peer, Term term, Instant until) {
  const std::optional<Moment> now = clocks_(store);
  if (!now) return;
  Group& group = groups_[region];
  PeerFacts& holder = group.Of(peer);
  holder.lease = Lease{.store = store, .life = now->life, .term = term, .until = until};
  if (group.leader != peer) CheckLease(holder, region, group.leader, group.leader_term);
}

void RaftLaws::OnLeaseRead(RegionId region, PeerId peer, Term term, LogIndex applied) {
  Group& group = groups_[region];
  if (group.leader_term > term) {
    Broken("lease-exclusive",
           fmt::format("region {}: peer {} answers a read by its lease of term {} while peer {} leads term {}",
                       region.value(), peer.value(), term.value(), group.leader.value(), group.leader_term.value()));
  }
  const PeerFacts& holder = group.Of(peer);
  if (!holder.leads || holder.term != term || applied >= holder.first_entry) return;
  Broken("lease-read-current",
         fmt::format("region {}: peer {} answers a read by its lease of term {} from the state as of {}; what earlier "
                     "leaders have acknowledged may reach up to its first entry, {}",
                     region.value(), peer.value(), term.value(), applied.value(), holder.first_entry.value()));
}

void RaftLaws::OnReadAsked(RegionId region, uint64_t context) {
  Group& group = groups_[region];
  group.reads[context] = group.commit_max;
}

void RaftLaws::OnReadServed(RegionId region, PeerId peer, uint64_t context, LogIndex applied) {
  Group& group = groups_[region];
  const auto asked = group.reads.find(context);
  if (asked == group.reads.end()) return;
  if (applied < asked->second) {
    Broken("read-index-current",
           fmt::format("region {}: peer {} answers a read from the state as of {}; when it was asked, {} was committed",
                       region.value(), peer.value(), applied.value(), asked->second.value()));
  }
  group.reads.erase(asked);
}

}  // namespace orrery::faults
