#pragma once

#include <string>

#include "server/store_config.h"

namespace orrery::cli {

/// Reads and parses a cluster.toml. kInvalidArgument names the file, and the line and key where they matter.
Result<ClusterConfig> LoadClusterFile(const std::string& path);

}  // namespace orrery::cli
