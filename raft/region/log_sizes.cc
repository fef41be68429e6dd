#include "raft/region/log_sizes.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace orrery {

LogSizes::Sample LogSizes::Between(const Sample& low, const Sample& high, LogIndex index) {
  const uint64_t bytes = (high.total - low.total) * (index - low.index) / (high.index - low.index);
  return {index, low.total + bytes};
}

void LogSizes::Reset(LogIndex base, LogIndex last, uint64_t bytes) {
  samples_.clear();
  samples_.push_back(Sample{base, 0});
  if (last > base) samples_.push_back(Sample{last, bytes});
}

void LogSizes::Append(LogIndex first, LogIndex last, uint64_t bytes) {
  std::optional<Sample> gone;
  for (; samples_.size() > 1 && samples_.back().index >= first; samples_.pop_back()) gone = samples_.back();
  if (gone && samples_.back().index.Next() < first)
    samples_.push_back(Between(samples_.back(), *gone, first.Previous()));
  const uint64_t total = samples_.back().total + bytes;
  // The last sample moves with the log until it is far enough from the one before.
  const bool extend = samples_.size() > 1 && total - samples_[samples_.size() - 2].total < kSampleBytes;
  if (extend) samples_.pop_back();
  samples_.push_back(Sample{last, total});
}

LogIndex LogSizes::CutFor(uint64_t bytes_max) const {
  const uint64_t end = samples_.back().total;
  if (bytes() <= bytes_max) return samples_.front().index;
  const auto next = std::find_if(samples_.begin(), samples_.end(),
                                 [&](const Sample& sample) { return end - sample.total <= bytes_max; });
  const Sample& low = *std::prev(next);  // There is one: the first has more behind it.
  const uint64_t too_many = end - bytes_max - low.total;
  const uint64_t bytes = next->total - low.total;
  const uint64_t entries = next->index - low.index;
  return LogIndex(low.index.value() + (entries * too_many + bytes - 1) / bytes);
}

void LogSizes::CompactTo(LogIndex index) {
  while (samples_.size() > 1 && samples_[1].index <= index) samples_.pop_front();
  if (samples_.size() == 1 || index <= samples_.front().index) return;
  samples_.front() = Between(samples_[0], samples_[1], index);
}

}  // namespace orrery
