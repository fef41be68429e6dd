#pragma once

#include <string>

#include "bench/load.h"
#include "runtime/base/status.h"

namespace orrery::bench {

/// The ceiling: `clients` threads put into one RocksDB with synced writes, so that its own group commit gathers
/// them. No network, no replication. `directory` is created and left behind.
Result<LoadResult> LoadRocks(const std::string& directory, const LoadOptions& options);

}  // namespace orrery::bench
