#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "runtime/base/random.h"
#include "runtime/base/status.h"
#include "server/store_config.h"

namespace orrery::faults {

/// Options of the stores of a simulated cluster. Without `randomise`: small buffers, so that flushes, compactions
/// and log compactions happen within seconds, and elections in about a second. With it, every number is with some
/// probability drawn from the extremes of what it may legally be; ticks are the same on all stores of the run.
StoreOptions DrawStoreOptions(Random random, bool randomise);

/// Every number and switch of StoreOptions by name ("raft.election_ticks"), as capsules write them.
using Knobs = std::map<std::string, int64_t, std::less<>>;
Knobs NamedKnobs(const StoreOptions& options);
/// The options of these knobs; one that is left out is as drawn without `randomise`. kInvalidArgument naming a knob
/// that is unknown or out of its range.
Result<StoreOptions> OptionsOfKnobs(const Knobs& knobs);

}  // namespace orrery::faults
