#include "runtime/base/probe.h"
#include "runtime/runtime.h"
#include "storage/key_codec.h"
#include "storage/log_store.h"

namespace orrery {

/// Reads the kRaft family in key order and rebuilds every group. Keys of one region come together, its small
/// records before its entries.
class LogRecovery {
 public:
  explicit LogRecovery(LogStore& store) : store_(store) {}

  Status Run() {
    const std::unique_ptr<EngineIterator> rows = store_.engine_.NewIterator({ColumnFamily::kRaft, {}, {}});
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      ORRERY_RETURN_IF_ERROR(Take(rows->key(), rows->value()));
    }
    ORRERY_RETURN_IF_ERROR(rows->status());
    return FinishGroup();
  }

 private:
  Status Take(ByteView key, ByteView value) {
    ORRERY_ASSIGN_OR_RETURN(const RaftKey where, DecodeRaftKey(key));
    if (group_ == nullptr || group_->region() != where.region) {
      ORRERY_RETURN_IF_ERROR(FinishGroup());
      auto& slot = store_.groups_[where.region];
      slot.reset(new GroupLog(store_, where.region));
      group_ = slot.get();
      has_log_state_ = false;
    }
    return where.tag == RaftTag::kEntry ? TakeEntry(where.index, value) : TakeRecord(where.tag, value);
  }

  Status TakeRecord(RaftTag tag, ByteView value) {
    ORRERY_ASSIGN_OR_RETURN(const ByteView content, DecodeGroupRecord(group_->region(), tag, value));
    if (tag != RaftTag::kLogState) {
      group_->records_.at(static_cast<size_t>(tag)).assign(content);
      return Status::Ok();
    }
    ORRERY_ASSIGN_OR_RETURN(const LogState state, DecodeLogState(content));
    group_->terms_.Reset(state.base, state.base_term);
    has_log_state_ = true;
    return Status::Ok();
  }

  Status TakeEntry(LogIndex index, ByteView value) {
    if (!has_log_state_) return Corrupt("has entries but no log state");
    const LogIndex expected = group_->LastIndex().Next();
    if (index != expected) {
      return Corrupt("entry " + ToString(expected) + " is missing, the next one there is " + ToString(index));
    }
    ORRERY_ASSIGN_OR_RETURN(const StoredEntry entry, DecodeEntry(group_->region(), index, value));
    const Term last_term = group_->terms_.At(group_->LastIndex()).value();
    if (entry.term < last_term) {
      return Corrupt("entry " + ToString(index) + " has term " + ToString(entry.term) + " behind term " +
                     ToString(last_term));
    }
    group_->terms_.Append(index, entry.term);
    store_.cache_bytes_ += group_->cache_.Append(index, entry.kind, entry.payload);
    store_.TrimCache();
    return Status::Ok();
  }

  Status FinishGroup() {
    if (group_ != nullptr && !has_log_state_) return Corrupt("has records but no log state");
    return Status::Ok();
  }

  Status Corrupt(const std::string& what) const {
    return Status(StatusCode::kCorruption, "raft log of region " + ToString(group_->region()) + ": " + what);
  }

  LogStore& store_;
  GroupLog* group_ = nullptr;
  bool has_log_state_ = false;
};

Result<std::unique_ptr<LogStore>> LogStore::Open(Runtime& runtime, Engine& engine, const LogStoreOptions& options) {
  ORRERY_RETURN_IF_ERROR(options.Validate());
  std::unique_ptr<LogStore> store(new LogStore(runtime, engine, options));
  ORRERY_RETURN_IF_ERROR(LogRecovery(*store).Run());
  return store;
}

}  // namespace orrery
