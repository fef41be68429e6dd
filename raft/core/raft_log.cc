#include "raft/core/raft_log.h"

#include <algorithm>
#include <utility>

namespace orrery::raft {
namespace {

/// An empty cache gives back its memory beyond this many entries, so that an idle group is small.
constexpr size_t kIdleCapacity = 8;
constexpr size_t kSlackMax = 64;

Status Compacted(LogIndex index) {
  return Status(StatusCode::kCompacted, "log position " + ToString(index) + " is compacted");
}

}  // namespace

RaftLog::RaftLog(const LogReader& reader, const InitialState& initial)
    : reader_(&reader),
      last_(reader.LastIndex()),
      commit_(std::max(initial.hard_state.commit, initial.applied)),
      stored_through_(last_),
      persisted_(last_),
      handed_(initial.applied),
      applied_(initial.applied) {}

Status RaftLog::Load() {
  const LogIndex first = reader_->FirstIndex();
  const auto corrupt = [this, first](const char* what) {
    return Status(StatusCode::kCorruption, std::string("raft log: ") + what + " (first " + ToString(first) + ", last " +
                                               ToString(last_) + ", commit " + ToString(commit_) + ", applied " +
                                               ToString(applied_) + ")");
  };
  if (first.value() == 0 || last_.Next() < first) return corrupt("last position below the first");
  if (applied_.Next() < first) return corrupt("compacted beyond the applied position");
  if (commit_ > last_) return corrupt("committed entries are missing");
  ORRERY_ASSIGN_OR_RETURN(last_term_, reader_->TermAt(last_));
  return Status::Ok();
}

LogIndex RaftLog::first_index() const {
  return pending_snapshot_ == nullptr ? reader_->FirstIndex() : pending_snapshot_->index.Next();
}

Result<Term> RaftLog::TermAt(LogIndex index) const {
  ORRERY_ASSERT(index <= last_);
  if (index == last_) return last_term_;
  if (index >= memory_first()) return InMemory(index).term;
  if (pending_snapshot_ == nullptr) return reader_->TermAt(index);
  if (index == pending_snapshot_->index) return pending_snapshot_->term;
  return Compacted(index);
}

bool RaftLog::IsUpToDate(LogIndex last_index, Term last_term) const {
  if (last_term != last_term_) return last_term > last_term_;
  return last_index >= last_;
}

Result<std::vector<Entry>> RaftLog::Slice(LogIndex begin, LogIndex end, size_t bytes_max) const {
  ORRERY_ASSERT(begin < end);
  ORRERY_ASSERT(end <= last_.Next());
  std::vector<Entry> entries;
  size_t bytes = 0;
  LogIndex next = begin;
  if (begin < memory_first()) {
    if (begin < first_index()) return Compacted(begin);
    const LogIndex stored_end = std::min(end, memory_first());
    ORRERY_RETURN_IF_ERROR(reader_->Entries(begin, stored_end, bytes_max, entries));
    ORRERY_ASSERT(!entries.empty());
    ORRERY_ASSERT(entries.front().index == begin);
    next = begin + entries.size();
    if (next < stored_end) return entries;
    for (const Entry& entry : entries) bytes += entry.ByteSize();
  }
  for (; next < end; ++next) {
    const Entry& entry = InMemory(next);
    bytes += entry.ByteSize();
    if (bytes > bytes_max && !entries.empty()) break;
    entries.push_back(entry);
  }
  return entries;
}

Result<LogIndex> RaftLog::LastAtOrBelow(LogIndex index, Term term) const {
  const LogIndex floor = LogIndex(first_index().value() - 1);
  for (; index > floor; index = index.Previous()) {
    ORRERY_ASSIGN_OR_RETURN(const Term at, TermAt(index));
    if (at <= term) return index;
  }
  return floor;
}

void RaftLog::Append(Entry entry) {
  ORRERY_ASSERT(entry.index == last_.Next());
  ORRERY_ASSERT(entry.term >= last_term_);
  last_ = entry.index;
  last_term_ = entry.term;
  memory_bytes_ += entry.ByteSize();
  memory_.push_back(std::move(entry));
}

Result<LogIndex> RaftLog::Merge(const std::vector<Entry>& entries) {
  LogIndex removed_from;
  for (const Entry& entry : entries) {
    if (entry.index <= last_) {
      // Below the commit position the logs agree (Log Matching), and it may be compacted.
      if (entry.index <= commit_) continue;
      ORRERY_ASSIGN_OR_RETURN(const Term mine, TermAt(entry.index));
      if (mine == entry.term) continue;
      ORRERY_RETURN_IF_ERROR(TruncateFrom(entry.index));
      removed_from = entry.index;
    }
    Append(entry);
  }
  return removed_from;
}

Status RaftLog::TruncateFrom(LogIndex index) {
  ORRERY_ASSERT(index > commit_);
  const LogIndex new_last = index.Previous();
  ORRERY_ASSIGN_OR_RETURN(const Term new_last_term, TermAt(new_last));
  while (memory_size() > 0 && memory_.back().index >= index) {
    memory_bytes_ -= memory_.back().ByteSize();
    memory_.pop_back();
  }
  last_ = new_last;
  last_term_ = new_last_term;
  stored_through_ = std::min(stored_through_, last_);
  persisted_ = std::min(persisted_, last_);
  return Status::Ok();
}

void RaftLog::CommitTo(LogIndex index) {
  ORRERY_ASSERT(index >= commit_);
  ORRERY_ASSERT(index <= last_);
  commit_ = index;
}

void RaftLog::Restore(const SnapshotMeta& meta) {
  ORRERY_ASSERT(meta.index > commit_);
  pending_snapshot_ = std::make_shared<const SnapshotMeta>(meta);
  memory_.clear();
  memory_begin_ = 0;
  memory_bytes_ = 0;
  last_ = commit_ = stored_through_ = persisted_ = handed_ = applied_ = meta.index;
  last_term_ = meta.term;
}

std::vector<Entry> RaftLog::TakeUnstored() {
  std::vector<Entry> entries;
  entries.reserve(last_ - stored_through_);
  for (LogIndex index = stored_through_.Next(); index <= last_; ++index) entries.push_back(InMemory(index));
  stored_through_ = last_;
  return entries;
}

void RaftLog::PersistedTo(LogIndex index) {
  ORRERY_ASSERT(index <= stored_through_);
  persisted_ = std::max(persisted_, index);
}

void RaftLog::SnapshotPersisted() {
  ORRERY_ASSERT(pending_snapshot_ != nullptr);
  pending_snapshot_.reset();
}

Result<std::vector<Entry>> RaftLog::TakeCommitted(size_t bytes_max) {
  ORRERY_ASSERT(has_committed());
  Result<std::vector<Entry>> entries = Slice(handed_.Next(), std::min(commit_, persisted_).Next(), bytes_max);
  if (entries.ok()) handed_ = entries->back().index;
  return entries;
}

void RaftLog::AppliedTo(LogIndex index) {
  ORRERY_ASSERT(index >= applied_);
  ORRERY_ASSERT(index <= handed_);
  applied_ = index;
}

void RaftLog::TrimCache(size_t bytes_max, bool keep_uncommitted) {
  while (memory_size() > 0) {
    const LogIndex front = memory_first();
    if (front > persisted_) break;
    if (front > handed_ && (memory_bytes_ <= bytes_max || (keep_uncommitted && front > commit_))) break;
    PopMemoryFront();
  }
  if (memory_size() == 0 && memory_.capacity() > kIdleCapacity) memory_.shrink_to_fit();
}

void RaftLog::PopMemoryFront() {
  memory_bytes_ -= memory_[memory_begin_].ByteSize();
  memory_[memory_begin_].payload = Payload();
  ++memory_begin_;
  if (memory_size() == 0) {
    memory_.clear();
    memory_begin_ = 0;
  } else if (memory_begin_ >= kSlackMax && memory_begin_ * 2 >= memory_.size()) {
    memory_.erase(memory_.begin(), memory_.begin() + memory_begin_);
    memory_begin_ = 0;
  }
}

}  // namespace orrery::raft
