#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace orrery::bench {

/// One measured run of the load generator, the same for every system under test.
struct LoadOptions {
  std::string operation = "put";  ///< put or get (linearizable).
  uint32_t clients = 64;          ///< Operations under way at once.
  uint32_t keys = 100000;
  uint32_t value_bytes = 256;
  double seconds = 10;
  double warmup_seconds = 2;
  double rate = 0;  ///< Operations per second offered by all clients; 0: closed loop.
};

/// What came of it. Latencies at a given rate count from when the operation was due.
struct LoadResult {
  uint64_t operations = 0;
  uint64_t errors = 0;
  std::string first_error;
  double seconds = 0;
  std::vector<uint32_t> latencies_us;

  /// One JSON object on one line.
  std::string ToJson(const LoadOptions& options);
};

/// The key of an operation: uniform over `keys`, the same sequence for every system.
std::string LoadKey(uint64_t number);

}  // namespace orrery::bench
