#pragma once

#include <cstdint>
#include <deque>

#include "runtime/base/ids.h"

namespace orrery {

/// How many bytes of log lie behind a position, roughly: samples of a running total, between which all entries count as
/// equally large. For log GC. Pure.
class LogSizes {
 public:
  /// The log begins behind `base`; what stands between `base` and `last` has about `bytes`.
  void Reset(LogIndex base, LogIndex last, uint64_t bytes);
  /// Entries up to `last` were written, `bytes` of them; whatever was there at or behind `first` is gone.
  void Append(LogIndex first, LogIndex last, uint64_t bytes);
  /// The first position such that the entries behind it have at most `bytes_max`.
  LogIndex CutFor(uint64_t bytes_max) const;
  void CompactTo(LogIndex index);

  uint64_t bytes() const { return samples_.empty() ? 0 : samples_.back().total - samples_.front().total; }

 private:
  static constexpr uint64_t kSampleBytes = 64 << 10;
  struct Sample {
    LogIndex index;
    uint64_t total;  ///< Bytes of everything up to `index`, from an arbitrary start.
  };

  /// The sample at an index from the one to the other, which are not the same.
  static Sample Between(const Sample& low, const Sample& high, LogIndex index);

  std::deque<Sample> samples_;  ///< The first is the base, the last is the end of the log.
};

}  // namespace orrery
