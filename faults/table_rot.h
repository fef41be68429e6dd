#pragma once

#include <string>

#include "runtime/base/random.h"
#include "sim/disk/sim_disk.h"

namespace orrery::faults {

/// Flips one to sixteen bits of the tables on a disk, every other one in what tells a reader how to read its table: the
/// footer, the last word of a block, a block's trailer. By share of bytes rot would hardly ever strike there. (Ganesan
/// et al., "Redundancy Does Not Imply Fault Tolerance", FAST 2017: what a corruption does depends on the structure it
/// hits.) Says where, for people; nothing if nothing was hit.
std::string FlipTableBits(sim::SimDisk& disk, const Random& random);

/// Lets four sectors of the tables on a disk rot, every other one at the end of a table. Returns the same.
std::string RotTableSectors(sim::SimDisk& disk, const Random& random);

}  // namespace orrery::faults
