#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace orrery::faults {

struct Capsule;

/// Kinds of fault and operation in a capsule ("kill", "register.put"): sorted, each once.
std::vector<std::string> KindsIn(const Capsule& capsule);

/// A failure as its minimal run shows it.
struct MinimalFailure {
  std::string_view signature;
  bool snapshot_installed = false;  ///< Raft took a snapshot in the place of some replica's log.
};

/// Where the cause of a failure with these kinds of fault lies: "disks", "members", "disks, members", or "anywhere". A
/// crash, or a message or a disk that is late, is an occasion that any bug may need, in one seed another one than in
/// the next; a disk that fails, or a change of members, is needed by what deals with such. Of replicas that differ,
/// stores that end for no reason and runs that stand still also "snapshots", if one was installed. Always "anywhere"
/// where only what clients saw is wrong, which is far from its cause, and for laws about what a disk holds, which name
/// theirs.
std::string CauseHint(const std::vector<std::string>& kinds, const MinimalFailure& failure);

}  // namespace orrery::faults
