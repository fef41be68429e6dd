#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/time.h"

namespace orrery::cli {

/// Latencies of one run, all of them: a run of ten million fits in 40 MB.
class Latencies {
 public:
  void Add(Duration latency) {
    const int64_t micros = latency.count() / 1000;
    micros_.push_back(micros > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(micros));
  }
  void Append(const Latencies& more) { micros_.insert(micros_.end(), more.micros_.begin(), more.micros_.end()); }
  uint64_t count() const { return micros_.size(); }
  /// The smallest latency that at least `fraction` (0 to 1) of all do not exceed, in microseconds; 0 if
  /// there are none. Reorders the samples.
  uint32_t QuantileMicros(double fraction);
  double MeanMicros() const;

 private:
  std::vector<uint32_t> micros_;
};

}  // namespace orrery::cli
