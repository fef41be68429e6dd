#include "cli/latencies.h"

#include <algorithm>
#include <numeric>

namespace orrery::cli {

uint32_t Latencies::QuantileMicros(double fraction) {
  if (micros_.empty()) return 0;
  const auto rank = static_cast<size_t>(fraction * static_cast<double>(micros_.size()));
  const auto at = micros_.begin() + static_cast<ptrdiff_t>(std::min(rank, micros_.size() - 1));
  std::nth_element(micros_.begin(), at, micros_.end());
  return *at;
}

double Latencies::MeanMicros() const {
  if (micros_.empty()) return 0;
  const uint64_t sum = std::accumulate(micros_.begin(), micros_.end(), uint64_t{0});
  return static_cast<double>(sum) / static_cast<double>(micros_.size());
}

}  // namespace orrery::cli
