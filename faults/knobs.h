#pragma once

#include "runtime/base/random.h"
#include "server/store_config.h"

namespace orrery::faults {

/// Options of the stores of a simulated cluster. Without `randomise`: small buffers, so that flushes, compactions
/// and log compactions happen within seconds, and elections in about a second. With it, every number is with some
/// probability drawn from the extremes of what it may legally be; ticks are the same on all stores of the run.
StoreOptions DrawStoreOptions(Random random, bool randomise);

}  // namespace orrery::faults
