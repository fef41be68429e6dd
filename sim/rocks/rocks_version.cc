#include "sim/rocks/rocks_version.h"

#include <rocksdb/version.h>

namespace orrery::sim {

std::string RocksVersion() {
  return std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + "." + std::to_string(ROCKSDB_PATCH);
}

}  // namespace orrery::sim
