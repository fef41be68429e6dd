#pragma once

#include <cstdint>
#include <string>

#include "cli/latencies.h"

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
  uint64_t errors = 0;
  std::string first_error;
  double seconds = 0;
  cli::Latencies latencies;  ///< One for each operation that succeeded.

  /// One JSON object on one line.
  std::string ToJson(const LoadOptions& options);
};

}  // namespace orrery::bench
