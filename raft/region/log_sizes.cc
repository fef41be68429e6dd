#include "raft/region/log_sizes.h"

namespace orrery {

void LogSizes::Reset(LogIndex base, LogIndex last, uint64_t bytes) {
  samples_.clear();
  samples_.push_back(Sample{base, 0});
  if (last > base) samples_.push_back(Sample{last, bytes});
}

void LogSizes::Append(LogIndex first, LogIndex last, uint64_t bytes) {
  while (samples_.size() > 1 && samples_.back().index >= first) samples_.pop_back();
  const uint64_t total = samples_.back().total + bytes;
  // The last sample moves with the log until it is far enough from the one before.
  const bool extend = samples_.size() > 1 && total - samples_[samples_.size() - 2].total < kSampleBytes;
  if (extend) samples_.pop_back();
  samples_.push_back(Sample{last, total});
}

LogIndex LogSizes::CutFor(uint64_t bytes_max) const {
  const uint64_t end = samples_.back().total;
  for (const Sample& sample : samples_) {
    if (end - sample.total <= bytes_max) return sample.index;
  }
  return samples_.back().index;
}

void LogSizes::CompactTo(LogIndex index) {
  while (samples_.size() > 1 && samples_[1].index <= index) samples_.pop_front();
}

}  // namespace orrery
