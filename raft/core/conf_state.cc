#include "raft/core/conf_state.h"

#include <algorithm>
#include <utility>

#include "raft/core/quorum.h"

namespace orrery::raft {
namespace {

using Kind = ConfChangeStep::Kind;
using Transition = ConfChange::Transition;

Status Invalid(std::string message) {
  return Status(StatusCode::kInvalidArgument, std::move(message));
}

std::vector<Member>::iterator LowerBound(ConfState& conf, PeerId peer) {
  return std::lower_bound(conf.members.begin(), conf.members.end(), peer,
                          [](const Member& member, PeerId wanted) { return member.peer < wanted; });
}

MemberRole RoleOf(const ConfState& conf, PeerId peer, MemberRole if_absent) {
  const Member* member = conf.Find(peer);
  return member == nullptr ? if_absent : member->role;
}

/// Whether the step changes who votes. Requires: conf is not joint.
bool ChangesVoters(const ConfState& conf, const ConfChangeStep& step) {
  const bool votes = RoleOf(conf, step.peer, MemberRole::kLearner) == MemberRole::kVoter;
  return votes != (step.kind == Kind::kAddVoter);
}

MemberRole RoleAfterAdding(MemberRole before, Kind kind, bool joint) {
  const bool voted = before == MemberRole::kVoter;
  if (kind == Kind::kAddVoter) return voted || !joint ? MemberRole::kVoter : MemberRole::kIncomingVoter;
  return voted && joint ? MemberRole::kDemotingVoter : MemberRole::kLearner;
}

Status ApplyStep(ConfState& conf, const ConfChangeStep& step, bool joint) {
  const auto at = LowerBound(conf, step.peer);
  const bool present = at != conf.members.end() && at->peer == step.peer;
  if (step.kind == Kind::kRemove) {
    if (!present) return Invalid("configuration change removes peer " + ToString(step.peer) + ", which is no member");
    if (joint && at->role == MemberRole::kVoter) {
      at->role = MemberRole::kOutgoingVoter;
    } else {
      conf.members.erase(at);
    }
    return Status::Ok();
  }
  const MemberRole before = present ? at->role : MemberRole::kLearner;
  const MemberRole after = RoleAfterAdding(before, step.kind, joint);
  if (!present) {
    conf.members.insert(at, Member{step.peer, after, step.context});
  } else {
    at->role = after;
    if (!step.context.empty()) at->context = step.context;
  }
  return Status::Ok();
}

Status CheckSteps(const ConfChange& change) {
  if (change.steps.empty()) return Invalid("configuration change without steps");
  for (size_t i = 0; i < change.steps.size(); ++i) {
    const PeerId peer = change.steps[i].peer;
    if (!peer.valid()) return Invalid("configuration change of peer 0");
    for (size_t j = 0; j < i; ++j) {
      if (change.steps[j].peer == peer) return Invalid("configuration change names peer " + ToString(peer) + " twice");
    }
  }
  return Status::Ok();
}

Result<ConfState> LeaveJoint(const ConfState& conf, const ConfChange& change) {
  if (!change.steps.empty()) return Invalid("leaving a joint configuration takes no steps");
  if (!conf.IsJoint()) return Invalid("the configuration is not joint");
  ConfState left;
  for (const Member& member : conf.members) {
    if (member.role == MemberRole::kOutgoingVoter) continue;
    const bool votes = VotesInNew(member.role);
    left.members.push_back(Member{member.peer, votes ? MemberRole::kVoter : MemberRole::kLearner, member.context});
  }
  return left;
}

}  // namespace

std::string_view MemberRoleName(MemberRole role) {
  switch (role) {
    case MemberRole::kVoter: return "voter";
    case MemberRole::kLearner: return "learner";
    case MemberRole::kIncomingVoter: return "incoming";
    case MemberRole::kOutgoingVoter: return "outgoing";
    case MemberRole::kDemotingVoter: return "demoting";
  }
  return "?";
}

const Member* ConfState::Find(PeerId peer) const {
  for (const Member& member : members) {
    if (member.peer == peer) return &member;
  }
  return nullptr;
}

bool ConfState::IsJoint() const {
  for (const Member& member : members) {
    if (VotesInNew(member.role) != VotesInOld(member.role)) return true;
  }
  return false;
}

bool ConfState::IsVoter(PeerId peer) const {
  const Member* member = Find(peer);
  return member != nullptr && member->role != MemberRole::kLearner;
}

bool ConfState::IsLearner(PeerId peer) const {
  const Member* member = Find(peer);
  return member != nullptr && member->role == MemberRole::kLearner;
}

size_t ConfState::voter_count() const {
  size_t count = 0;
  for (const Member& member : members) count += member.role != MemberRole::kLearner;
  return count;
}

Status ConfState::Check() const {
  const auto corrupt = [](std::string message) { return Status(StatusCode::kCorruption, std::move(message)); };
  if (members.size() > quorum_internal::kMembersMax) return corrupt("configuration with more than 64 members");
  size_t in_new = 0;
  size_t in_old = 0;
  for (size_t i = 0; i < members.size(); ++i) {
    if (!members[i].peer.valid()) return corrupt("configuration with peer 0");
    if (i > 0 && members[i].peer <= members[i - 1].peer) return corrupt("configuration with unsorted members");
    if (members[i].role > MemberRole::kDemotingVoter) return corrupt("configuration with an unknown role");
    in_new += VotesInNew(members[i].role);
    in_old += VotesInOld(members[i].role);
  }
  if (!members.empty() && (in_new == 0 || in_old == 0)) return corrupt("configuration without voters");
  if (auto_leave && !IsJoint()) return corrupt("configuration leaves a joint state it is not in");
  return Status::Ok();
}

std::string ConfState::ToString() const {
  if (members.empty()) return "empty";
  std::string text;
  for (const Member& member : members) {
    if (!text.empty()) text += ' ';
    text += orrery::ToString(member.peer);
    if (member.role != MemberRole::kVoter) {
      text += ':';
      text += MemberRoleName(member.role);
    }
  }
  if (IsJoint()) text += auto_leave ? " (joint, leaves by itself)" : " (joint)";
  return text;
}

Result<ConfState> ApplyConfChange(const ConfState& conf, const ConfChange& change) {
  if (change.transition == Transition::kLeave) return LeaveJoint(conf, change);
  if (conf.IsJoint()) return Status(StatusCode::kConflict, "the configuration is joint: it can only be left");
  ORRERY_RETURN_IF_ERROR(CheckSteps(change));
  size_t voter_changes = 0;
  for (const ConfChangeStep& step : change.steps) voter_changes += ChangesVoters(conf, step);
  const bool joint = change.transition != Transition::kAuto || voter_changes > 1;
  ConfState next = conf;
  for (const ConfChangeStep& step : change.steps) ORRERY_RETURN_IF_ERROR(ApplyStep(next, step, joint));
  next.auto_leave = next.IsJoint() && change.transition != Transition::kJointManual;
  if (Status status = next.Check(); !status.ok() || next.members.empty()) {
    return Invalid("configuration change leaves " +
                   (next.members.empty() ? "no members" : std::string(status.message())));
  }
  return next;
}

}  // namespace orrery::raft
