#pragma once

#include <vector>

#include "raft/core/log_reader.h"
#include "raft/core/ready.h"

namespace orrery::raft {

/// What a peer's shell would keep on disk, in memory: for tests, models and the explorer. A value. Everything it holds
/// counts as durable.
class MemoryLog final : public LogReader {
 public:
  MemoryLog() = default;
  explicit MemoryLog(const InitialState& initial);

  InitialState Initial() const override;
  LogIndex FirstIndex() const override { return base_index_.Next(); }
  LogIndex LastIndex() const override { return base_index_ + entries_.size(); }
  Result<Term> TermAt(LogIndex index) const override;
  Status Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<Entry>& out) const override;
  Result<SnapshotMeta> Snapshot() const override;

  /// Does what a shell does with a Ready that NeedsPersist().
  void Store(const Ready& ready);
  /// The state machine durably holds everything up to `index`.
  void StoreApplied(LogIndex index, Term term);
  void StoreConf(const ConfState& conf) { conf_ = conf; }
  /// What an honest disk never does: planted damage, to prove that checkers find it.
  void ForgetVote() { hard_state_.vote = PeerId(); }
  /// Forgets entries up to `index`. Requires: index <= applied.
  void Compact(LogIndex index);

  const HardState& hard_state() const { return hard_state_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const ConfState& conf() const { return conf_; }
  LogIndex applied() const { return applied_; }

 private:
  HardState hard_state_;
  LogIndex base_index_;
  Term base_term_;
  std::vector<Entry> entries_;
  LogIndex applied_;
  Term applied_term_;
  ConfState conf_;
};

}  // namespace orrery::raft
