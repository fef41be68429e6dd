#include "raft/region/change_members.h"

#include <algorithm>

#include "raft/region/peer_id.h"
#include "raft/region/store.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

using raft::ConfChange;
using raft::ConfChangeStep;

/// What the next step towards the wish is, given the present configuration.
struct NextStep {
  enum class Kind : uint8_t { kDone, kWait, kHandOver, kPropose };
  Kind kind = Kind::kDone;
  ConfChange change;
};

class MembershipPlanner {
 public:
  /// The change will be proposed at `index`: new peers are named by it.
  MembershipPlanner(const Peer& peer, const MembershipWish& wish, LogIndex index)
      : peer_(peer), wish_(wish), index_(index) {}

  Result<NextStep> Plan() const {
    const raft::ConfState& conf = peer_.conf();
    if (conf.IsJoint()) return NextStep{.kind = NextStep::Kind::kWait};
    ORRERY_ASSIGN_OR_RETURN(const std::vector<Known> known, Decode(conf));
    ORRERY_RETURN_IF_ERROR(CheckLives(known));
    if (NextStep learners = AddLearners(known); learners.kind != NextStep::Kind::kDone) return learners;
    return PromoteAndRemove(known);
  }

 private:
  struct Known {
    raft::Member member;
    PeerAddress address;
  };

  static Result<std::vector<Known>> Decode(const raft::ConfState& conf) {
    std::vector<Known> known;
    for (const raft::Member& member : conf.members) {
      ORRERY_ASSIGN_OR_RETURN(PeerAddress address, DecodePeerAddress(member.context.view()));
      known.push_back(Known{member, std::move(address)});
    }
    return known;
  }

  bool IsAdded(const StoreLife& life) const {
    return std::any_of(wish_.add.begin(), wish_.add.end(), [&](const PeerAddress& add) { return add.life == life; });
  }
  bool IsRemoved(const PeerAddress& address) const {
    const bool named = std::find(wish_.remove.begin(), wish_.remove.end(), address.life.store) != wish_.remove.end();
    return named && !IsAdded(address.life);
  }

  /// One store must not be a member under two lives once the wish is fulfilled.
  Status CheckLives(const std::vector<Known>& known) const {
    for (const PeerAddress& add : wish_.add) {
      if (!add.life.store.valid() || !add.life.incarnation.valid()) {
        return Status(StatusCode::kInvalidArgument, "a store to add has no id or no incarnation");
      }
      for (const Known& other : known) {
        if (other.address.life.store != add.life.store || other.address.life == add.life) continue;
        if (IsRemoved(other.address)) continue;
        return Status(StatusCode::kInvalidArgument, "store " + ToString(add.life.store) +
                                                        " is a member under an earlier incarnation: remove that in the "
                                                        "same change");
      }
    }
    return Status::Ok();
  }

  NextStep AddLearners(const std::vector<Known>& known) const {
    NextStep next;
    for (const PeerAddress& add : wish_.add) {
      const bool present =
          std::any_of(known.begin(), known.end(), [&](const Known& k) { return k.address.life == add.life; });
      if (present) continue;
      next.kind = NextStep::Kind::kPropose;
      const PeerId peer = MakePeerId(index_, next.change.steps.size() + 1);
      next.change.steps.push_back(ConfChangeStep{
          .kind = ConfChangeStep::Kind::kAddLearner, .peer = peer, .context = raft::Payload(EncodePeerAddress(add))});
    }
    return next;
  }

  /// A voter that goes becomes a learner first: see Departure.
  Result<NextStep> PromoteAndRemove(const std::vector<Known>& known) const {
    NextStep next;
    bool self_goes = false;
    for (const Known& k : known) {
      if (IsRemoved(k.address)) {
        self_goes |= k.member.peer == peer_.id();
        next.change.steps.push_back(ConfChangeStep{.kind = Departure(k.member), .peer = k.member.peer, .context = {}});
      } else if (k.member.role == raft::MemberRole::kLearner && IsAdded(k.address.life)) {
        if (!CaughtUp(k.member.peer)) return NextStep{.kind = NextStep::Kind::kWait};
        next.change.steps.push_back(
            ConfChangeStep{.kind = ConfChangeStep::Kind::kAddVoter, .peer = k.member.peer, .context = {}});
      }
    }
    if (next.change.steps.empty()) return next;
    next.kind = NextStep::Kind::kPropose;
    // Refused here rather than in the log.
    ORRERY_RETURN_IF_ERROR(raft::ApplyConfChange(peer_.conf(), next.change).status());
    if (self_goes && peer_.BestTransferTarget().valid()) next.kind = NextStep::Kind::kHandOver;
    return next;
  }

  /// Who is removed destroys itself as soon as it hears of it. While others still count by the configuration in which
  /// it voted, its voice may be all that is left of a majority; as a learner it keeps it, and tells them what is
  /// committed. Removing a learner takes nobody's voice, and once that is committed a majority of the voters holds an
  /// entry behind the change that took the vote, and so counts without it (raft::HardState::commit).
  /// docs/decisions/0005.
  static ConfChangeStep::Kind Departure(const raft::Member& member) {
    return member.role == raft::MemberRole::kLearner ? ConfChangeStep::Kind::kRemove
                                                     : ConfChangeStep::Kind::kAddLearner;
  }

  /// Near enough that as a voter it will not hold up a commit.
  bool CaughtUp(PeerId learner) const {
    constexpr uint64_t kNearEntries = 64;
    for (const raft::Progress& progress : peer_.raft().progress()) {
      if (progress.peer != learner) continue;
      return progress.state == raft::ProgressState::kReplicate &&
             progress.match + kNearEntries >= peer_.raft().commit();
    }
    return false;
  }

  const Peer& peer_;
  const MembershipWish& wish_;
  const LogIndex index_;
};

}  // namespace

Status ChangeMembers(Store& store, RegionId region, const MembershipWish& wish, Deadline deadline) {
  Runtime& runtime = store.parts().runtime;
  LogIndex known = wish.as_of;
  LogIndex own;  // The last change proposed here, in own_term.
  Term own_term;
  while (true) {
    Peer* peer = store.Find(region);
    if (peer == nullptr) return Status(StatusCode::kNotMember, "no replica of region " + ToString(region) + " here");
    if (!peer->is_leader()) return peer->NotLeader();
    if (deadline.PassedAt(runtime.clock.Now())) {
      return Status(own > LogIndex() ? StatusCode::kUnknownOutcome : StatusCode::kTimeout,
                    "the new members did not catch up before the deadline, or no quorum answered");
    }
    if (peer->conf_since() > known) {
      if (peer->conf_since() != own || peer->raft().term() != own_term) {
        ORRERY_PROBE(runtime.probes, "region.member.outdated_wish");
        return Status(StatusCode::kConflict,
                      "the membership has changed since position " + ToString(known) + ": look at it again, then ask");
      }
      known = own;
    }
    const LogIndex index = peer->NextProposalIndex();
    ORRERY_ASSIGN_OR_RETURN(const NextStep next, MembershipPlanner(*peer, wish, index).Plan());
    if (next.kind == NextStep::Kind::kDone) return Status::Ok();
    if (next.kind == NextStep::Kind::kHandOver) {
      ORRERY_PROBE(runtime.probes, "region.member.leader_goes");
      peer->TransferLeader(peer->BestTransferTarget()).IgnoreError();  // Asked again until it is another's turn.
    }
    if (next.kind == NextStep::Kind::kPropose) {
      const Result<LogIndex> proposed = peer->ProposeConfChange(next.change);
      if (proposed.ok()) {
        ORRERY_ASSERT(proposed.value() == index);
        own = index;
        own_term = peer->raft().term();
      } else if (proposed.code() == StatusCode::kInvalidArgument) {
        return proposed.status();
      }
    }
    runtime.scheduler.SleepFor(store.parts().options.tick);
  }
}

}  // namespace orrery
