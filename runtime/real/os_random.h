#pragma once

#include <cstdint>

namespace orrery {

/// Eight bytes from the operating system's random source.
uint64_t OsRandomU64();

}  // namespace orrery
