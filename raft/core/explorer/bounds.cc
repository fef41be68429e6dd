#include "raft/core/explorer/bounds.h"

#include "runtime/base/check_range.h"

namespace orrery::raft {
Status Bounds::Validate() const {
  ORRERY_RETURN_IF_ERROR(CheckRange("nodes", nodes, 1, 5));
  ORRERY_RETURN_IF_ERROR(CheckRange("timeouts", timeouts, 0, 15));
  ORRERY_RETURN_IF_ERROR(CheckRange("entries", entries, 0, 15));
  ORRERY_RETURN_IF_ERROR(CheckRange("crashes", crashes, 0, 15));
  return CheckRange("beats", beats, 0, 15);
}

std::string Bounds::ToString() const {
  return "nodes " + std::to_string(nodes) + " timeouts " + std::to_string(timeouts) + " entries " +
         std::to_string(entries) + " crashes " + std::to_string(crashes) + " beats " + std::to_string(beats) +
         (pre_vote ? " pre-vote" : "") + (check_quorum ? " check-quorum" : "") +
         (forgetful_disk ? " forgetful-disk" : "");
}

Bounds Bounds::Grown(uint32_t round) const {
  Bounds grown = *this;
  switch (round % 4) {
    case 0: ++grown.beats; break;
    case 1: ++grown.timeouts; break;
    case 2: ++grown.entries; break;
    default: ++grown.crashes; break;
  }
  return grown.Validate().ok() ? grown : *this;
}

}  // namespace orrery::raft
