#include "cli/cluster_file.h"

#include <fstream>
#include <sstream>

namespace orrery::cli {

Result<ClusterConfig> LoadClusterFile(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Status(StatusCode::kInvalidArgument, "cannot read " + path);
  return ParseClusterConfig(text.str(), path);
}

}  // namespace orrery::cli
