#pragma once

#include <ctime>

namespace orrery::sim {

/// RocksDB reads libc's clock where it should ask its SystemClock (rate limiters it makes and does not use). Inside a
/// RocksScope the answer is that node's own time. False outside of one.
bool ReadEngineTime(clockid_t id, timespec* out);

}  // namespace orrery::sim
