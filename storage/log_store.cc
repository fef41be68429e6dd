#include "storage/log_store.h"

#include <algorithm>

#include "runtime/base/check_range.h"
#include "runtime/base/probe.h"
#include "runtime/runtime.h"
#include "storage/key_codec.h"

namespace orrery {
namespace {

constexpr size_t kEntryOverheadBytes = 24;

RaftTag TagOf(GroupRecord which) {
  return static_cast<RaftTag>(which);
}

Status Missing(RegionId region, LogIndex index) {
  return Status(StatusCode::kCorruption,
                "raft log of region " + ToString(region) + ": entry " + ToString(index) + " is missing");
}

}  // namespace

Status LogStoreOptions::Validate() const {
  return CheckRange<uint64_t>("cache_bytes_max", cache_bytes_max, 0, uint64_t{1} << 40);
}

Result<Term> GroupLog::TermAt(LogIndex index) const {
  return terms_.At(index);
}

void GroupLog::Append(WriteBatch& batch, std::span<const LogRecord> records) {
  if (records.empty()) return;
  const LogIndex first = records.front().index;
  ORRERY_ASSERT(first >= FirstIndex());
  ORRERY_ASSERT(first <= LastIndex().Next());
  if (first <= LastIndex()) {
    ORRERY_PROBE(store_.runtime_.probes, "storage.log.truncated_conflict");
    RemoveEntries(batch, records.back().index.Next(), LastIndex().Next());
    terms_.TruncateTo(first.Previous());
    store_.cache_bytes_ -= cache_.TruncateTo(first.Previous());
  }
  Bytes value;
  for (const LogRecord& record : records) {
    terms_.Append(record.index, record.term);
    value.clear();
    EncodeEntry(region_, record.index, {record.kind, record.term, record.payload}, &value);
    batch.Put(ColumnFamily::kRaft, RaftEntryKey(region_, record.index), value);
    store_.cache_bytes_ += cache_.Append(record.index, record.kind, record.payload);
  }
  store_.TrimCache();
}

void GroupLog::RemoveEntries(WriteBatch& batch, LogIndex begin, LogIndex end) {
  for (LogIndex index = begin; index < end; index = index.Next()) {
    batch.Delete(ColumnFamily::kRaft, RaftEntryKey(region_, index));
  }
}

void GroupLog::CompactTo(WriteBatch& batch, LogIndex index) {
  if (index == terms_.base()) return;
  RemoveEntries(batch, FirstIndex(), index.Next());
  terms_.CompactTo(index);
  store_.cache_bytes_ -= cache_.CompactTo(index);
  PutLogState(batch);
}

void GroupLog::ResetTo(WriteBatch& batch, LogIndex index, Term term) {
  RemoveEntries(batch, FirstIndex(), LastIndex().Next());
  terms_.Reset(index, term);
  store_.cache_bytes_ -= cache_.Clear();
  PutLogState(batch);
}

void GroupLog::PutLogState(WriteBatch& batch) {
  const Bytes content = EncodeLogState({terms_.base(), terms_.base_term()});
  batch.Put(ColumnFamily::kRaft, RaftRecordKey(region_, RaftTag::kLogState),
            EncodeGroupRecord(region_, RaftTag::kLogState, content));
}

void GroupLog::PutRecord(WriteBatch& batch, GroupRecord which, ByteView content) {
  Bytes& kept = records_.at(static_cast<size_t>(which));
  kept.assign(content);
  batch.Put(ColumnFamily::kRaft, RaftRecordKey(region_, TagOf(which)), EncodeGroupRecord(region_, TagOf(which), kept));
}

ByteView GroupLog::Record(GroupRecord which) const {
  return records_.at(static_cast<size_t>(which));
}

bool GroupLog::TakeRecord(const LogRecord& record, size_t bytes_max, size_t* bytes, bool first,
                          std::vector<LogRecord>& out) {
  *bytes += record.payload.size() + kEntryOverheadBytes;
  if (!first && *bytes > bytes_max) return false;
  out.push_back(record);
  return true;
}

Status GroupLog::Entries(LogIndex begin, LogIndex end, size_t bytes_max, std::vector<LogRecord>& out) {
  ORRERY_ASSERT(begin < end);
  ORRERY_ASSERT(end <= LastIndex().Next());
  if (begin < FirstIndex()) {
    return Status(StatusCode::kCompacted, "entry " + ToString(begin) + " of region " + ToString(region_) +
                                              " is compacted, the log begins at " + ToString(FirstIndex()));
  }
  read_.clear();
  size_t bytes = 0;
  const LogIndex cached = cache_.empty() ? end : std::max(begin, std::min(end, cache_.first()));
  if (begin < cached) {
    const size_t before = out.size();
    ORRERY_RETURN_IF_ERROR(EntriesFromEngine(begin, cached, bytes_max, &bytes, out));
    store_.cache_misses_ += out.size() - before;
    if (out.size() - before < cached.value() - begin.value()) return Status::Ok();  // bytes_max.
  }
  for (LogIndex index = cached; index < end; index = index.Next()) {
    const LogCache::Slot& slot = cache_.At(index);
    const LogRecord record{index, terms_.At(index).value(), slot.kind, slot.payload};
    if (!TakeRecord(record, bytes_max, &bytes, index == begin, out)) break;
    ++store_.cache_hits_;
  }
  return Status::Ok();
}

Status GroupLog::EntriesFromEngine(LogIndex begin, LogIndex end, size_t bytes_max, size_t* bytes,
                                   std::vector<LogRecord>& out) {
  ORRERY_PROBE(store_.runtime_.probes, "storage.log.cache_miss");
  LogIndex next = begin;
  bool full = false;
  Status bad;
  const KeyRange range{ColumnFamily::kRaft, RaftEntryKey(region_, begin), RaftEntryKey(region_, end)};
  const Status scanned = store_.engine_.ScanNow(range, [&](ByteView key, ByteView value) {
    if (key != RaftEntryKey(region_, next)) return false;  // A hole: next < end below tells.
    read_.emplace_back(value);
    const Result<StoredEntry> entry = DecodeEntry(region_, next, read_.back());
    if (!entry.ok()) return bad = entry.status(), false;
    if (entry.value().term != terms_.At(next).value()) return bad = Missing(region_, next), false;
    const LogRecord record{next, entry.value().term, entry.value().kind, entry.value().payload};
    full = !TakeRecord(record, bytes_max, bytes, next == begin, out);
    if (full) return false;
    next = next.Next();
    return true;
  });
  ORRERY_RETURN_IF_ERROR(scanned);
  ORRERY_RETURN_IF_ERROR(bad);
  return full || next == end ? Status::Ok() : Missing(region_, next);
}

LogStore::LogStore(Runtime& runtime, Engine& engine, const LogStoreOptions& options)
    : runtime_(runtime), engine_(engine), options_(options) {}

LogStore::~LogStore() = default;

std::vector<RegionId> LogStore::Groups() const {
  std::vector<RegionId> regions;
  for (const auto& [region, group] : groups_) regions.push_back(region);
  return regions;
}

GroupLog* LogStore::Find(RegionId region) {
  const auto found = groups_.find(region);
  return found == groups_.end() ? nullptr : found->second.get();
}

GroupLog& LogStore::Create(WriteBatch& batch, RegionId region, LogIndex index, Term term) {
  ORRERY_ASSERT(region.valid());
  ORRERY_ASSERT(Find(region) == nullptr);
  auto& group = groups_[region] = std::unique_ptr<GroupLog>(new GroupLog(*this, region));
  group->terms_.Reset(index, term);
  group->PutLogState(batch);
  return *group;
}

void LogStore::Destroy(WriteBatch& batch, RegionId region) {
  GroupLog* const group = Find(region);
  ORRERY_ASSERT(group != nullptr);
  group->RemoveEntries(batch, group->FirstIndex(), group->LastIndex().Next());
  batch.Delete(ColumnFamily::kRaft, RaftRecordKey(region, RaftTag::kLogState));
  for (const GroupRecord which : kGroupRecords) batch.Delete(ColumnFamily::kRaft, RaftRecordKey(region, TagOf(which)));
  cache_bytes_ -= group->cache_.Clear();
  groups_.erase(region);
}

void LogStore::TrimCache() {
  while (cache_bytes_ > options_.cache_bytes_max) {
    auto next = groups_.upper_bound(trim_next_);
    if (next == groups_.end()) next = groups_.begin();
    trim_next_ = next->first;
    if (next->second->cache_.empty()) continue;
    cache_bytes_ -= next->second->cache_.DropOlderHalf();
    ORRERY_PROBE(runtime_.probes, "storage.log.cache_trimmed");
  }
}

}  // namespace orrery
