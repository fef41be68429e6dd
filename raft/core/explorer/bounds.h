#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace orrery::raft {

/// How far the explorer lets a group go. Within these bounds it tries everything; messages on the wire are not bounded.
struct Bounds {
  uint32_t nodes = 3;     ///< Range [1, 5].
  uint32_t timeouts = 2;  ///< Election timeouts in all. Range [0, 15].
  uint32_t entries = 1;   ///< Proposals in all. Range [0, 15].
  uint32_t crashes = 1;   ///< Crashes in all; each loses what was not stored. Range [0, 15].
  uint32_t beats = 0;     ///< Heartbeat broadcasts by ticks, in all. Range [0, 15].
  bool pre_vote = false;
  bool check_quorum = false;
  /// A disk that forgets votes in a crash: Raft is not safe on it, so the explorer must find how. Proves the explorer.
  bool forgetful_disk = false;

  Status Validate() const;
  /// "nodes 3 timeouts 2 entries 1 crashes 1 beats 0"
  std::string ToString() const;
  /// The same with one bound more; which one goes by `round`.
  Bounds Grown(uint32_t round) const;
};

}  // namespace orrery::raft
