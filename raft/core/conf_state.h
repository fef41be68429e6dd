#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raft/core/payload.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace orrery::raft {

/// What a member may do. The last three exist only while the configuration is joint (Raft paper, section 6):
/// then a decision needs a majority of the old voters and a majority of the new ones.
/// Numbers are stored and travel: never renumber.
enum class MemberRole : uint8_t {
  kVoter = 0,          ///< Votes; in a joint configuration, in both halves.
  kLearner = 1,        ///< Receives the log, does not count.
  kIncomingVoter = 2,  ///< Joint: votes in the new half only.
  kOutgoingVoter = 3,  ///< Joint: votes in the old half only; gone after leaving.
  kDemotingVoter = 4,  ///< Joint: votes in the old half only; a learner after leaving.
};
std::string_view MemberRoleName(MemberRole role);

struct Member {
  PeerId peer;
  MemberRole role = MemberRole::kVoter;
  /// Opaque to Raft: the shell keeps store id, incarnation and address here. Replaced only by adding the
  /// member again with another context.
  Payload context;

  friend bool operator==(const Member&, const Member&) = default;
};

/// The configuration of a group at one log position. Part of the applied state: the shell stores it together
/// with the applied index and every snapshot carries it.
struct ConfState {
  /// Sorted by peer, no duplicates.
  std::vector<Member> members;
  /// Joint only: the leader proposes leaving by itself as soon as it applied the entering change.
  bool auto_leave = false;

  friend bool operator==(const ConfState&, const ConfState&) = default;

  /// nullptr if `peer` is no member. Dies at the next change of `members`.
  const Member* Find(PeerId peer) const;
  bool IsJoint() const;
  /// Votes in at least one half.
  bool IsVoter(PeerId peer) const;
  bool IsLearner(PeerId peer) const;
  size_t voter_count() const;
  /// kCorruption unless sorted, unique, valid ids, at least one voter in each half; an empty one is fine.
  Status Check() const;
  /// "1 2 3:learner", joint: "1 2:outgoing 3:incoming (joint, leaves by itself)"; for transcripts and logs.
  std::string ToString() const;
};

/// True where the role counts in the new (or only) half and in the old half respectively.
constexpr bool VotesInNew(MemberRole role) {
  return role == MemberRole::kVoter || role == MemberRole::kIncomingVoter;
}
constexpr bool VotesInOld(MemberRole role) {
  return role == MemberRole::kVoter || role == MemberRole::kOutgoingVoter || role == MemberRole::kDemotingVoter;
}

/// One wish about one peer.
struct ConfChangeStep {
  enum class Kind : uint8_t { kAddVoter = 0, kAddLearner = 1, kRemove = 2 };

  Kind kind = Kind::kAddVoter;
  PeerId peer;
  /// The new member's context; ignored by kRemove. Adding a present member again replaces its context
  /// (unless this one is empty) and promotes or demotes it.
  Payload context;

  friend bool operator==(const ConfChangeStep&, const ConfChangeStep&) = default;
};

/// A change of configuration as proposed and logged.
struct ConfChange {
  enum class Transition : uint8_t {
    kAuto = 0,         ///< In one step if at most one voter changes, else joint with auto-leave.
    kJoint = 1,        ///< Joint, and the leader leaves by itself.
    kJointManual = 2,  ///< Joint until somebody proposes kLeave.
    kLeave = 3,        ///< Leaves a joint configuration. No steps.
  };

  Transition transition = Transition::kAuto;
  std::vector<ConfChangeStep> steps;
  /// Opaque to Raft; reaches the shell with the committed entry.
  Payload context;

  friend bool operator==(const ConfChange&, const ConfChange&) = default;
};

/// What `change` makes of `conf`; pure, so every peer that applies the entry gets the same. kInvalidArgument
/// (empty change, one peer twice, removing a stranger, no voter left, leaving what is not joint), kConflict (conf is
/// joint and the change is not kLeave). An entry whose change fails here leaves the configuration as it was.
Result<ConfState> ApplyConfChange(const ConfState& conf, const ConfChange& change);

}  // namespace orrery::raft
