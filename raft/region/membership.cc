#include "raft/region/peer.h"
#include "raft/region/peer_id.h"
#include "raft/region/transport.h"
#include "runtime/address_book.h"
#include "runtime/base/probe.h"
#include "runtime/log.h"
#include "runtime/runtime.h"

namespace orrery {

/// `conf` is in force as of applied_.
void Peer::AdoptConf(const raft::ConfState& conf, LogIndex since) {
  const std::map<PeerId, PeerAddress> before = std::move(members_);
  members_.clear();
  conf_ = conf;
  conf_since_ = since;
  for (const raft::Member& member : conf.members) {
    Result<PeerAddress> address = DecodePeerAddress(member.context.view());
    if (!address.ok()) return StopStore(address.status().Wrap("region " + ToString(region()) + ", membership"));
    context_.runtime.addresses.Set(NodeIdOf(address->life.store), address->address);
    members_[member.peer] = *std::move(address);
  }
  for (const auto& [peer, address] : before) {
    if (members_.count(peer) > 0 || peer == id()) continue;
    routes_[peer] = address.life;  // What it was promised may still wait for the disk.
    ORRERY_LOG(context_.runtime.log, LogLevel::kInfo, "region", "region {}: peer {} on store {} was removed",
               region().value(), peer.value(), address.life.store.value());
    if (is_leader()) context_.transport.SendRemoved(address.life, region(), peer);
  }
  if (initialised() && members_.count(id()) == 0) {
    ORRERY_PROBE(context_.runtime.probes, "region.member.removed_by_log");
    host_.WantDestroyed(*this);
  }
}

/// A message counts only if it comes from the life of the store that the membership names: a store that lost its disk
/// has another one, and must not speak for the peer it was. Strangers from the future are heard (they may lead);
/// strangers from the past are told.
bool Peer::SenderIsKnown(const StoreLife& from, const raft::Message& message) {
  const auto member = members_.find(message.from);
  if (member != members_.end()) {
    if (member->second.life == from) return true;
    ORRERY_PROBE(context_.runtime.probes, "region.member.wrong_life");
    return false;
  }
  if (initialised() && AddedAt(message.from) <= applied_) {
    ORRERY_PROBE(context_.runtime.probes, "region.member.removed_speaks");
    context_.transport.SendRemoved(from, region(), message.from);
    return false;
  }
  routes_[message.from] = from;
  return true;
}

/// Raft speaks to members, and answers those it heard.
const StoreLife& Peer::RouteTo(PeerId peer) const {
  if (const auto member = members_.find(peer); member != members_.end()) return member->second.life;
  const auto route = routes_.find(peer);
  ORRERY_ASSERT_THAT(route != routes_.end(), "peer " + ToString(peer) + " is no member and never spoke");
  return route->second;
}

void Peer::OnRemovedNotice() {
  if (stopped_ || installing_) return;  // Told again when it next speaks.
  ORRERY_PROBE(context_.runtime.probes, "region.member.removed_by_notice");
  host_.WantDestroyed(*this);
}

void Peer::Retire() {
  stopped_ = true;
  AbandonProposals(Status(StatusCode::kUnknownOutcome, "the replica was removed before the command was committed"),
                   Status(StatusCode::kNotMember, "the replica was removed"));
  FailReads(Status(StatusCode::kNotMember, "the replica was removed"));
}

LogIndex Peer::NextProposalIndex() {
  ProposePending();
  return raft_->log().last_index().Next();
}

Result<LogIndex> Peer::ProposeConfChange(const raft::ConfChange& change) {
  if (stopped_) return Status(StatusCode::kUnavailable, "the replica has stopped");
  if (!is_leader()) return NotLeader();
  Result<LogIndex> index = raft_->ProposeConfChange(change);
  AfterStep();
  return index;
}

Status Peer::TransferLeader(PeerId target) {
  if (stopped_) return Status(StatusCode::kUnavailable, "the replica has stopped");
  if (!is_leader()) return NotLeader();
  const Status begun = raft_->TransferLeader(target);
  AfterStep();
  return begun;
}

PeerId Peer::BestTransferTarget() const {
  PeerId best;
  LogIndex best_match;
  for (const raft::Progress& progress : raft_->progress()) {
    const raft::Member* member = conf_.Find(progress.peer);
    if (progress.peer == id() || member == nullptr || !raft::VotesInNew(member->role)) continue;
    if (!progress.recent_active) continue;
    if (best.valid() && progress.match <= best_match) continue;
    best = progress.peer;
    best_match = progress.match;
  }
  return best;
}

LeaderHint Peer::Leader() const {
  LeaderHint hint{.term = raft_->term()};
  const auto leader = members_.find(raft_->leader());
  if (leader == members_.end()) return hint;
  hint.store = leader->second.life.store;
  hint.address = leader->second.address;
  return hint;
}

Status Peer::NotLeader() const {
  const LeaderHint hint = Leader();
  if (!initialised()) return Status(StatusCode::kUnavailable, "the store is not initialised");
  if (!hint.store.valid() || hint.store == context_.self.store) {
    return Status(StatusCode::kNotLeader, "no leader is known");
  }
  return Status(StatusCode::kNotLeader, "store " + ToString(hint.store) + " leads");
}

}  // namespace orrery
