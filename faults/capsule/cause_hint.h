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
  bool snapshot_installed = false;  ///< Some replica got its state by a snapshot.
};

/// Where the cause of a failure with these kinds of fault lies: "disks", "members", "disks, members", or "anywhere",
/// and "snapshots" if replicas differ after one was installed. A crash, or a message or a disk that is late, is an
/// occasion that any bug may need, in one seed another one than in the next; a disk that fails, or a change of members,
/// is needed by what deals with such. Not so where only what clients saw is wrong ("anywhere"): that is far from its
/// cause, and what was in the way of the one client was one thing or another.
std::string CauseHint(const std::vector<std::string>& kinds, const MinimalFailure& failure);

}  // namespace orrery::faults
