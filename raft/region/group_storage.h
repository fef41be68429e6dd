#pragma once

#include "raft/core/log_reader.h"
#include "raft/core/ready.h"
#include "raft/core/types.h"
#include "storage/log_store.h"

namespace orrery {

/// GroupRecord::kApplyState: what the replica's data holds. Written in the batch that holds it.
struct ApplyRecord {
  LogIndex applied;
  Term term;  ///< Of the entry at `applied`.
  raft::ConfState conf;
};
Bytes EncodeApplyRecord(const ApplyRecord& record);
Result<ApplyRecord> DecodeApplyRecord(ByteView bytes);

/// GroupRecord::kRegionState: which peer this replica is, and where its stored session table stands.
struct RegionRecord {
  PeerId self;
  LogIndex sessions_stored;
};
Bytes EncodeRegionRecord(const RegionRecord& record);
Result<RegionRecord> DecodeRegionRecord(ByteView bytes);

/// raft/core's view of one group's storage, and the way its Readies get there. Owned by the peer; never suspends.
class GroupStorage final : public raft::LogReader {
 public:
  explicit GroupStorage(GroupLog& log) : log_(log) {}

  /// Reads the records back after a restart. kCorruption.
  Status Load();

  raft::InitialState Initial() const override;
  LogIndex FirstIndex() const override { return log_.FirstIndex(); }
  LogIndex LastIndex() const override { return log_.LastIndex(); }
  Result<Term> TermAt(LogIndex index) const override { return log_.TermAt(index); }
  Status Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<raft::Entry>& out) const override;
  Result<raft::SnapshotMeta> Snapshot() const override;

  /// What `ready` wants persisted, but for its snapshot. Returns the bytes of the entries.
  size_t Put(WriteBatch& batch, const raft::Ready& ready);
  void PutApplied(WriteBatch& batch, ApplyRecord record);
  void PutRegion(WriteBatch& batch, const RegionRecord& record);
  /// The log goes on behind the snapshot, whose content is the applied state.
  void ResetTo(WriteBatch& batch, const raft::SnapshotMeta& meta);
  void CompactTo(WriteBatch& batch, LogIndex index) { log_.CompactTo(batch, index); }

  const ApplyRecord& applied() const { return applied_; }
  const RegionRecord& region() const { return region_; }

 private:
  GroupLog& log_;
  raft::HardState hard_state_;
  ApplyRecord applied_;
  RegionRecord region_;
};

}  // namespace orrery
