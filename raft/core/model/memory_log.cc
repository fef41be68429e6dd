#include "raft/core/model/memory_log.h"

#include <string>

#include "runtime/base/assert.h"

namespace orrery::raft {

MemoryLog::MemoryLog(const InitialState& initial)
    : hard_state_(initial.hard_state),
      base_index_(initial.applied),
      base_term_(initial.hard_state.term),
      applied_(initial.applied),
      applied_term_(initial.hard_state.term),
      conf_(initial.conf) {}

InitialState MemoryLog::Initial() const {
  return InitialState{hard_state_, applied_, conf_};
}

Result<Term> MemoryLog::TermAt(LogIndex index) const {
  ORRERY_ASSERT(index <= LastIndex());
  if (index == base_index_) return base_term_;
  if (index < base_index_) return Status(StatusCode::kCompacted, "position " + ToString(index));
  return entries_[index - base_index_ - 1].term;
}

Status MemoryLog::Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<Entry>& out) const {
  ORRERY_ASSERT(begin < end);
  ORRERY_ASSERT(end <= LastIndex().Next());
  if (begin <= base_index_) return Status(StatusCode::kCompacted, "position " + ToString(begin));
  size_t bytes = 0;
  for (LogIndex index = begin; index < end; ++index) {
    const Entry& entry = entries_[index - base_index_ - 1];
    bytes += entry.ByteSize();
    if (bytes > bytes_max && index != begin) break;
    out.push_back(entry);
  }
  return Status::Ok();
}

Result<SnapshotMeta> MemoryLog::Snapshot() const {
  if (conf_.members.empty()) return Status(StatusCode::kUnavailable, "nothing applied");
  return SnapshotMeta{applied_, applied_term_, conf_};
}

void MemoryLog::Store(const Ready& ready) {
  if (ready.snapshot) {
    entries_.clear();
    base_index_ = applied_ = ready.snapshot->index;
    base_term_ = applied_term_ = ready.snapshot->term;
    conf_ = ready.snapshot->conf;
  }
  if (!ready.entries.empty()) {
    const LogIndex first = ready.entries.front().index;
    ORRERY_ASSERT(first > base_index_);
    ORRERY_ASSERT(first <= LastIndex().Next());
    entries_.resize(first - base_index_ - 1);
    entries_.insert(entries_.end(), ready.entries.begin(), ready.entries.end());
  }
  if (ready.hard_state) hard_state_ = *ready.hard_state;
}

void MemoryLog::StoreApplied(LogIndex index, Term term) {
  ORRERY_ASSERT(index >= applied_);
  applied_ = index;
  applied_term_ = term;
}

void MemoryLog::Compact(LogIndex index) {
  ORRERY_ASSERT(index <= applied_);
  if (index <= base_index_) return;
  base_term_ = entries_[index - base_index_ - 1].term;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(index - base_index_));
  base_index_ = index;
}

}  // namespace orrery::raft
