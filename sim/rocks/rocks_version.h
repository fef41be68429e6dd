#pragma once

#include <string>

namespace orrery::sim {

/// Version of the engine that this program is built with ("7.8.3").
std::string RocksVersion();

}  // namespace orrery::sim
