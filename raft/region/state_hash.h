#pragma once

#include <cstdint>

#include "storage/engine.h"

namespace orrery {

struct StateHash {
  uint64_t hash = 0;        ///< Over everything: what replicas compare.
  uint64_t pairs_hash = 0;  ///< Over the pairs alone: says where a difference lies.
  uint64_t pairs = 0;       ///< How many.
};

/// Hash over a region's replicated state: its pairs as `snapshot` sees them, in order, and `extras` (sessions and
/// membership, encoded). Equal states have equal hashes on every replica. An iterator's error is returned, never
/// taken for the end. Suspends.
Result<StateHash> HashRegionState(EngineSnapshot& snapshot, const KeyRange& data, ByteView extras);

}  // namespace orrery
