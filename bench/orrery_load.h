#pragma once

#include <string>

#include "bench/load.h"
#include "runtime/base/status.h"

namespace orrery::bench {

/// Drives an Orrery cluster: `clients` fibers on one loop, one session each. `config_path` is its cluster.toml.
Result<LoadResult> LoadOrrery(const std::string& config_path, const LoadOptions& options);

}  // namespace orrery::bench
