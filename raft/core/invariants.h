#pragma once

#include <string_view>

#include "raft/core/raft.h"
#include "runtime/base/status.h"

namespace orrery::raft {

/// What is true of one peer at every moment, and of every step it takes: Raft stated as facts, each a sentence and a
/// line. Cheap enough to run after every call. A broken fact comes back as kCorruption with its sentence.
class RaftInvariants {
 public:
  static Status CheckState(const Raft& raft);
  /// What can be told from the view alone; part of CheckState.
  static Status CheckView(const RaftView& view);
  /// `before` and `after` are states of one life of one peer, `before` the earlier.
  static Status CheckDelta(const RaftView& before, const RaftView& after);
  /// The configurations that follow `conf`, in their order: from each to the next decisions overlap (thesis 4.1).
  static Status CheckConfChain(const ConfState& conf, const std::vector<ConfAt>& following);
  /// The sentence alone, without the numbers: what tells one kind of mistake from another. A view into `broken`.
  static std::string_view FactOf(const Status& broken);
};

}  // namespace orrery::raft
