#include "raft/core/progress.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace orrery::raft {

std::string_view ProgressStateName(ProgressState state) {
  switch (state) {
    case ProgressState::kProbe: return "probe";
    case ProgressState::kReplicate: return "replicate";
    case ProgressState::kSnapshot: return "snapshot";
  }
  return "?";
}

void Inflights::Add(LogIndex last, size_t bytes) {
  ORRERY_ASSERT(size() == 0 || window_.back().last < last);
  window_.push_back(Sent{last, bytes});
  bytes_ += bytes;
}

void Inflights::FreeThrough(LogIndex index) {
  while (size() > 0 && window_[begin_].last <= index) FreeFirst();
}

void Inflights::FreeFirst() {
  ORRERY_ASSERT(size() > 0);
  bytes_ -= window_[begin_].bytes;
  ++begin_;
  Shrink();
}

void Inflights::Clear() {
  window_.clear();
  window_.shrink_to_fit();
  begin_ = 0;
  bytes_ = 0;
}

void Inflights::Shrink() {
  static constexpr uint32_t kSlackMax = 32;
  if (begin_ == window_.size()) {
    window_.clear();
    begin_ = 0;
  } else if (begin_ >= kSlackMax && begin_ * 2 >= window_.size()) {
    window_.erase(window_.begin(), window_.begin() + begin_);
    begin_ = 0;
  }
}

bool Progress::Paused(uint32_t messages_max, size_t bytes_max) const {
  switch (state) {
    case ProgressState::kProbe: return probe_sent;
    case ProgressState::kReplicate: return inflights.Full(messages_max, bytes_max);
    case ProgressState::kSnapshot: return true;
  }
  return true;
}

void Progress::Sent(LogIndex next_after, size_t bytes) {
  ORRERY_ASSERT(state != ProgressState::kSnapshot);
  if (state == ProgressState::kProbe) {
    probe_sent = true;
  } else if (next_after > next) {
    inflights.Add(next_after.Previous(), bytes);
    next = next_after;
  }
}

void Progress::BecomeProbe() {
  // Behind a delivered snapshot the follower's log starts with it.
  next = std::max(match, state == ProgressState::kSnapshot ? pending_snapshot : LogIndex()).Next();
  state = ProgressState::kProbe;
  probe_sent = false;
  pending_snapshot = LogIndex();
  inflights.Clear();
}

void Progress::BecomeReplicate() {
  state = ProgressState::kReplicate;
  probe_sent = false;
  pending_snapshot = LogIndex();
  next = match.Next();
  inflights.Clear();
}

void Progress::BecomeSnapshot(LogIndex index) {
  state = ProgressState::kSnapshot;
  probe_sent = false;
  pending_snapshot = index;
  inflights.Clear();
}

bool Progress::Acknowledge(LogIndex index) {
  const bool news = index > match;
  match = std::max(match, index);
  next = std::max(next, index.Next());
  return news;
}

bool Progress::Refuse(LogIndex rejected, LogIndex hint) {
  switch (state) {
    case ProgressState::kSnapshot: return false;
    case ProgressState::kReplicate:
      if (rejected <= match) return false;  // Overtaken by an acknowledgement.
      BecomeProbe();
      next = std::max(std::min(rejected, hint.Next()), match.Next());
      return true;
    case ProgressState::kProbe:
      if (rejected.Next() != next) return false;  // The answer to an earlier probe.
      next = std::max(std::min(rejected, hint.Next()), match.Next());
      probe_sent = false;
      return true;
  }
  return false;
}

}  // namespace orrery::raft
