#include "bench/load.h"

#include <nlohmann/json.hpp>

namespace orrery::bench {
std::string LoadResult::ToJson(const LoadOptions& options) {
  return nlohmann::json({{"operation", options.operation},
                         {"clients", options.clients},
                         {"value_bytes", options.value_bytes},
                         {"offered_rate", options.rate},
                         {"operations", latencies.count()},
                         {"errors", errors},
                         {"first_error", first_error},
                         {"per_second", static_cast<double>(latencies.count()) / seconds},
                         {"mean_us", latencies.MeanMicros()},
                         {"p50_us", latencies.QuantileMicros(0.5)},
                         {"p99_us", latencies.QuantileMicros(0.99)},
                         {"p999_us", latencies.QuantileMicros(0.999)}})
      .dump();
}

}  // namespace orrery::bench
