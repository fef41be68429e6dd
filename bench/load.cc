#include "bench/load.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

namespace orrery::bench {
namespace {

uint32_t Quantile(const std::vector<uint32_t>& sorted, double fraction) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<size_t>(fraction * static_cast<double>(sorted.size()));
  return sorted[std::min(rank, sorted.size() - 1)];
}

}  // namespace

std::string LoadKey(uint64_t number) {
  return fmt::format("bench/{:08}", number);
}

std::string LoadResult::ToJson(const LoadOptions& options) {
  std::sort(latencies_us.begin(), latencies_us.end());
  const double sum = std::accumulate(latencies_us.begin(), latencies_us.end(), 0.0);
  return nlohmann::json({{"operation", options.operation},
                         {"clients", options.clients},
                         {"value_bytes", options.value_bytes},
                         {"offered_rate", options.rate},
                         {"operations", operations},
                         {"errors", errors},
                         {"first_error", first_error},
                         {"per_second", static_cast<double>(operations) / seconds},
                         {"mean_us", latencies_us.empty() ? 0.0 : sum / static_cast<double>(latencies_us.size())},
                         {"p50_us", Quantile(latencies_us, 0.5)},
                         {"p99_us", Quantile(latencies_us, 0.99)},
                         {"p999_us", Quantile(latencies_us, 0.999)}})
      .dump();
}

}  // namespace orrery::bench
