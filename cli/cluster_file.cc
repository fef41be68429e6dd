#include "cli/cluster_file.h"

#include "cli/input_file.h"

namespace orrery::cli {

Result<ClusterConfig> LoadClusterFile(const std::string& path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  return ParseClusterConfig(text, path);
}

}  // namespace orrery::cli
