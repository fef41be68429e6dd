#pragma once

#include "runtime/base/ids.h"

namespace orrery {

/// A member's PeerId is made of the log position of the change that added it, so it is never used again, and any
/// member can tell by its own applied position whether a stranger was removed or is yet to come. Founders have
/// position zero.
constexpr int kPeerOrdinalBits = 8;

/// The `ordinal`-th peer added by the configuration change at `index`.
constexpr PeerId MakePeerId(LogIndex index, uint64_t ordinal) {
  return PeerId((index.value() << kPeerOrdinalBits) | ordinal);
}
/// Zero for founders.
constexpr LogIndex AddedAt(PeerId peer) {
  return LogIndex(peer.value() >> kPeerOrdinalBits);
}

}  // namespace orrery
