#pragma once

#include <string_view>
#include <vector>

#include "raft/region/envelope.h"
#include "runtime/base/bytes.h"
#include "runtime/base/random.h"
#include "runtime/network.h"
#include "server/kv_api.h"

namespace orrery::faults {

/// A message that no store and no client would send.
struct Garbage {
  Channel channel = Channel::kRpc;
  Bytes bytes;
};

/// What a stranger knows of the store it speaks to, and who it says it is.
struct StrangersView {
  IdentifyResponse store;  ///< As the store told it; with an invalid cluster it did not.
  StoreLife self;          ///< No life that a membership names.
};

/// One message, chosen by `random`, of a kind:
///
///   bytes      anything, on any channel; some with the beginning of a known format
///   requests   well-framed requests to services that cannot read them, or that do not exist; answers nobody asked for
///   envelopes  Raft's envelopes: cut, of an unknown version, of another cluster or life, with messages that cannot be
///              read, that have no business there, or that speak for a member from another life
///   snapshots  snapshot messages: the same, and streams whose chunks are no chunks
///
/// A store must refuse each of them and go on. None is one that only a member of the cluster can know to be wrong: who
/// speaks from a member's life and says what Raft could say is believed, as Raft's authors assume
/// (docs/simulation.md, "Strangers").
Garbage DrawGarbage(std::string_view kind, const StrangersView& view, Random random);

}  // namespace orrery::faults
