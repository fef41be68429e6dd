#pragma once

#include <string>
#include <vector>

#include "bench/load.h"

namespace orrery::bench {

/// Drives an etcd cluster through its v3 API: `clients` calls under way at once on one completion queue and one
/// thread. Calls go to the endpoints in turn, each over its own channel, as etcd's own benchmark does.
LoadResult LoadEtcd(const std::vector<std::string>& endpoints, const LoadOptions& options);

}  // namespace orrery::bench
