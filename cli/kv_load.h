#pragma once

#include <cstdint>
#include <string>

#include "cli/latencies.h"
#include "cli/session.h"
#include "runtime/base/bytes.h"

namespace orrery::cli {

/// A load on a cluster: so many clients, each with one operation under way and a session of its own.
struct KvLoadOptions {
  std::string mix = "put";  ///< put, get (linearizable) or mixed (half of each).
  uint32_t clients = 64;
  uint32_t keys = 100'000;  ///< Uniform over these.
  uint32_t value_bytes = 256;
  double seconds = 10;  ///< Measured, after the warm-up.
  double warmup_seconds = 1;
  double rate = 0;  ///< Operations per second offered by all clients; 0: each begins the next when one ends.
  Duration call_timeout = orrery::seconds(10);
};

/// What came of it; latencies only of operations that were due after the warm-up.
struct KvLoadCounts {
  Latencies puts;
  Latencies gets;
  uint64_t errors = 0;
  std::string first_error;
};

/// Runs it to its end, with a line of progress on a terminal. At a given rate latencies count from when an operation
/// was due, so that a stall is not hidden. Suspends.
KvLoadCounts RunKvLoad(Session& session, const KvLoadOptions& options);

/// "bench/00000042": the same keys for every system that is compared.
Bytes BenchKey(uint64_t number);

}  // namespace orrery::cli
