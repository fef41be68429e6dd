#pragma once

#include <string>

#include "runtime/base/random.h"
#include "sim/disk/sim_disk.h"

namespace orrery::faults {

// Rot of the tables on a disk. Where a table tells how it is read (its last two kilobytes or so), rot by share of bytes
// would hardly ever strike; but a store that runs has that in memory. (Ganesan et al., "Redundancy Does Not Imply Fault
// Tolerance", FAST 2017: what a corruption does depends on the structure it hits.)

/// Under a store that runs, sixteen bits anywhere. Under one that is down, one to sixteen, every other one in a footer,
/// in the last word of a block or in a block's trailer. Says where, for people; nothing if nothing was hit.
std::string FlipTableBits(sim::SimDisk& disk, bool store_runs, const Random& random);

/// Four sectors, under a store that is down every other one at the end of a table. Returns the same.
std::string RotTableSectors(sim::SimDisk& disk, bool store_runs, const Random& random);

}  // namespace orrery::faults
