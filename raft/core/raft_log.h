#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "raft/core/log_reader.h"
#include "raft/core/types.h"

namespace orrery::raft {

/// One peer's log: what storage holds (read through LogReader), then a tail in memory that is not stored yet, plus as
/// cache the stored entries that still wait to be committed or handed out. Four positions move along it:
///
///   applied <= handed <= min(commit, persisted),   persisted <= last,   commit <= last
///
/// applied: reported by the shell. handed: given out for applying. commit: known committed. persisted: known
/// durable here and equal to what this log says now (truncation moves it back).
class RaftLog {
 public:
  RaftLog(const LogReader& reader, const InitialState& initial);

  /// kCorruption if the stored positions contradict each other; else the reader's failure. Before anything else.
  Status Load();

  /// A copied log reads the original's storage until it is bound to a copy of that.
  void Rebind(const LogReader& reader) { reader_ = &reader; }

  LogIndex first_index() const;
  LogIndex last_index() const { return last_; }
  Term last_term() const { return last_term_; }
  LogIndex commit() const { return commit_; }
  LogIndex persisted() const { return persisted_; }
  LogIndex handed() const { return handed_; }
  LogIndex applied() const { return applied_; }
  bool has_pending_snapshot() const { return pending_snapshot_ != nullptr; }
  const SnapshotMeta* pending_snapshot() const { return pending_snapshot_.get(); }

  /// kCompacted below first_index() - 1. Requires: index <= last_index().
  Result<Term> TermAt(LogIndex index) const;
  /// True if a log that ends at (last_term, last_index) has everything this one has (Raft paper, section 5.4.1).
  bool IsUpToDate(LogIndex last_index, Term last_term) const;
  /// Entries of [begin, end), at least one, then as many as fit in `bytes_max`.
  Result<std::vector<Entry>> Slice(LogIndex begin, LogIndex end, size_t bytes_max) const;
  /// The last position <= `index` whose term is <= `term`; first_index() - 1 where the log ends below.
  Result<LogIndex> LastAtOrBelow(LogIndex index, Term term) const;

  /// Appends behind last_index(). Requires: entry.index == last_index() + 1.
  void Append(Entry entry);
  /// Follower: makes the log agree with `entries`, which start behind an agreed position, and removes what conflicts.
  /// Entries already present are skipped. The position from which entries were removed; zero: none.
  Result<LogIndex> Merge(const std::vector<Entry>& entries);
  /// Forward only, never beyond last_index().
  void CommitTo(LogIndex index);
  /// The log is replaced by a snapshot that is not stored yet. Its position counts as persisted, handed and applied
  /// from now on, but until SnapshotPersisted() nothing is handed out and the peer must not campaign.
  void Restore(const SnapshotMeta& meta);

  /// Entries not yet given out for storing; marks them as given out.
  std::vector<Entry> TakeUnstored();
  bool has_unstored() const { return stored_through_ < last_; }
  /// Storage holds everything up to `index` as this log says it.
  void PersistedTo(LogIndex index);
  /// The pending snapshot is installed.
  void SnapshotPersisted();
  /// Committed and durable entries behind handed(), at most `bytes_max` bytes but at least one; marks them.
  Result<std::vector<Entry>> TakeCommitted(size_t bytes_max);
  bool has_committed() const { return handed_ < std::min(commit_, persisted_) && pending_snapshot_ == nullptr; }
  Result<SnapshotMeta> SnapshotForPeer() const { return reader_->Snapshot(); }
  void AppliedTo(LogIndex index);
  /// Forgets cached entries that are stored and no longer needed, and older ones beyond `bytes_max`.
  /// `keep_uncommitted`: a leader keeps what is not committed.
  void TrimCache(size_t bytes_max, bool keep_uncommitted);

  /// The tail in memory: positions [memory_first(), last_index()].
  LogIndex memory_first() const { return LogIndex(last_.value() + 1 - memory_size()); }
  const Entry& InMemory(LogIndex index) const { return memory_[memory_begin_ + (index - memory_first())]; }
  size_t memory_size() const { return memory_.size() - memory_begin_; }
  /// Given out for storing up to here.
  LogIndex stored_through() const { return stored_through_; }

 private:
  Status TruncateFrom(LogIndex index);
  void PopMemoryFront();

  const LogReader* reader_;
  LogIndex last_;
  Term last_term_;
  LogIndex commit_;
  LogIndex stored_through_;
  LogIndex persisted_;
  LogIndex handed_;
  LogIndex applied_;
  std::vector<Entry> memory_;
  uint32_t memory_begin_ = 0;
  size_t memory_bytes_ = 0;
  std::shared_ptr<const SnapshotMeta> pending_snapshot_;
};

}  // namespace orrery::raft
