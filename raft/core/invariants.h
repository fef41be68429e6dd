#pragma once

#include <string>

#include "raft/core/raft.h"
#include "runtime/base/status.h"

namespace orrery::raft {

/// What is true of one peer at every moment, and of every step it takes: Raft stated as facts, each a sentence and a
/// line. Cheap enough to run after every call. A broken fact comes back as kCorruption with its sentence.
class RaftInvariants {
 public:
  static Status CheckState(const Raft& raft);
  /// `before` and `after` are states of one life of one peer, `before` the earlier.
  static Status CheckDelta(const RaftView& before, const RaftView& after);
};

}  // namespace orrery::raft
