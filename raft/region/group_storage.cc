#include "raft/region/group_storage.h"

#include "raft/core/codec.h"

namespace orrery {
namespace {

constexpr uint8_t kRecordVersion = 1;

Status UnknownVersion(std::string_view what) {
  return Status(StatusCode::kVersionMismatch, std::string(what) + " has an unknown format");
}

}  // namespace

Bytes EncodeApplyRecord(const ApplyRecord& record) {
  Bytes bytes;
  Encoder(bytes).Fixed8(kRecordVersion).Varint(record.applied.value()).Varint(record.term.value());
  raft::EncodeConfState(record.conf, bytes);
  return bytes;
}

Result<ApplyRecord> DecodeApplyRecord(ByteView bytes) {
  Decoder decoder(bytes);
  if (decoder.Fixed8() != kRecordVersion) return UnknownVersion("apply record");
  ApplyRecord record;
  record.applied = LogIndex(decoder.Varint());
  record.term = Term(decoder.Varint());
  const ByteView conf = decoder.Rest();
  ORRERY_RETURN_IF_ERROR(decoder.Finish("apply record"));
  ORRERY_ASSIGN_OR_RETURN(record.conf, raft::DecodeConfState(conf));
  return record;
}

Bytes EncodeRegionRecord(const RegionRecord& record) {
  Bytes bytes;
  Encoder(bytes).Fixed8(kRecordVersion).Varint(record.self.value()).Varint(record.sessions_stored.value());
  return bytes;
}

Result<RegionRecord> DecodeRegionRecord(ByteView bytes) {
  Decoder decoder(bytes);
  if (decoder.Fixed8() != kRecordVersion) return UnknownVersion("region record");
  RegionRecord record;
  record.self = PeerId(decoder.Varint());
  record.sessions_stored = LogIndex(decoder.Varint());
  ORRERY_RETURN_IF_ERROR(decoder.Finish("region record"));
  if (!record.self.valid()) return Status(StatusCode::kCorruption, "region record names no peer");
  return record;
}

Status GroupStorage::Load() {
  ORRERY_ASSIGN_OR_RETURN(region_, DecodeRegionRecord(log_.Record(GroupRecord::kRegionState)));
  if (const ByteView bytes = log_.Record(GroupRecord::kHardState); !bytes.empty()) {
    ORRERY_ASSIGN_OR_RETURN(hard_state_, raft::DecodeHardState(bytes));
  }
  if (const ByteView bytes = log_.Record(GroupRecord::kApplyState); !bytes.empty()) {
    ORRERY_ASSIGN_OR_RETURN(applied_, DecodeApplyRecord(bytes));
  }
  if (applied_.applied.Next() < log_.FirstIndex()) {
    return Status(StatusCode::kCorruption, "region " + ToString(log_.region()) + ": the log begins at " +
                                               ToString(log_.FirstIndex()) + " but only " + ToString(applied_.applied) +
                                               " is applied");
  }
  if (applied_.applied > log_.LastIndex()) {
    return Status(StatusCode::kCorruption, "region " + ToString(log_.region()) + ": " + ToString(applied_.applied) +
                                               " is applied but the log ends at " + ToString(log_.LastIndex()));
  }
  return applied_.conf.Check();
}

raft::InitialState GroupStorage::Initial() const {
  return raft::InitialState{.hard_state = hard_state_, .applied = applied_.applied, .conf = applied_.conf};
}

Status GroupStorage::Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<raft::Entry>& out) const {
  std::vector<LogRecord> records;
  ORRERY_RETURN_IF_ERROR(log_.Entries(begin, end, bytes_max, records));
  out.reserve(out.size() + records.size());
  for (const LogRecord& record : records) {
    out.push_back(raft::Entry{.term = record.term,
                              .index = record.index,
                              .kind = static_cast<raft::EntryKind>(record.kind),
                              .payload = raft::Payload(record.payload)});
  }
  return Status::Ok();
}

Result<raft::SnapshotMeta> GroupStorage::Snapshot() const {
  return raft::SnapshotMeta{.index = applied_.applied, .term = applied_.term, .conf = applied_.conf};
}

size_t GroupStorage::Put(WriteBatch& batch, const raft::Ready& ready) {
  size_t bytes = 0;
  if (!ready.entries.empty()) {
    std::vector<LogRecord> records;
    records.reserve(ready.entries.size());
    for (const raft::Entry& entry : ready.entries) {
      records.push_back(LogRecord{.index = entry.index,
                                  .term = entry.term,
                                  .kind = static_cast<uint8_t>(entry.kind),
                                  .payload = entry.payload.view()});
      bytes += entry.ByteSize();
    }
    log_.Append(batch, records);
  }
  if (ready.hard_state) {
    hard_state_ = *ready.hard_state;
    Bytes encoded;
    raft::EncodeHardState(hard_state_, encoded);
    log_.PutRecord(batch, GroupRecord::kHardState, encoded);
  }
  return bytes;
}

void GroupStorage::PutApplied(WriteBatch& batch, ApplyRecord record) {
  applied_ = std::move(record);
  log_.PutRecord(batch, GroupRecord::kApplyState, EncodeApplyRecord(applied_));
}

void GroupStorage::PutRegion(WriteBatch& batch, const RegionRecord& record) {
  region_ = record;
  log_.PutRecord(batch, GroupRecord::kRegionState, EncodeRegionRecord(region_));
}

void GroupStorage::ResetTo(WriteBatch& batch, const raft::SnapshotMeta& meta) {
  log_.ResetTo(batch, meta.index, meta.term);
  PutApplied(batch, ApplyRecord{.applied = meta.index, .term = meta.term, .conf = meta.conf});
}

}  // namespace orrery
