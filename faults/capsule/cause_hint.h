#pragma once

#include <string>
#include <vector>

namespace orrery::faults {

struct Capsule;

/// Kinds of fault and operation in a capsule ("kill", "register.put"): sorted, each once.
std::vector<std::string> KindsIn(const Capsule& capsule);

/// Where faults of these kinds say that a cause lies: "disks", "members", "disks, members", or "anywhere". A crash, or
/// a message or a disk that is late, is an occasion that any bug may need, in one seed another one than in the next; a
/// disk that fails, or a change of members, is needed by what deals with such.
std::string CauseHint(const std::vector<std::string>& kinds);

}  // namespace orrery::faults
