#include "storage/rocks_core.h"

#include <rocksdb/write_batch.h>

#include "runtime/base/probe.h"
#include "runtime/fiber/domain.h"
#include "runtime/process.h"
#include "storage/rocks_options.h"

namespace orrery {
namespace {

constexpr Duration kRetryPause = milliseconds(1);
constexpr Duration kWatchPause = milliseconds(250);
constexpr uint32_t kDeletePortion = 1000;

StatusCode CodeOf(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return StatusCode::kNoSpace;
  if (status.IsIncomplete() || status.IsBusy() || status.IsTryAgain()) return StatusCode::kBusy;
  if (status.IsCorruption()) return StatusCode::kCorruption;
  if (status.IsNotFound()) return StatusCode::kNotFound;
  return StatusCode::kIoError;
}

}  // namespace

Status FromRocks(const rocksdb::Status& status) {
  if (status.ok()) return Status::Ok();
  return Status(CodeOf(status), "engine: " + status.ToString());
}

RocksCore::~RocksCore() {
  watch.Reset();
  ORRERY_ASSERT(open_snapshots == 0);
  ORRERY_ASSERT(open_iterators == 0);
  ORRERY_ASSERT(imports.empty());
  if (db == nullptr) return;
  Inline([&] {
    for (rocksdb::ColumnFamilyHandle* const handle : handles) {
      if (handle != nullptr) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
    db->Close().PermitUncheckedError();  // Everything promised is synced; a failing close loses nothing.
    db.reset();
    env.reset();
    log_env.reset();
  });
}

Status RocksCore::ReadStatus(const rocksdb::Status& status) {
  if (status.ok()) return Status::Ok();
  ORRERY_ASSERT_THAT(!status.IsInvalidArgument(), status.ToString());
  const Status mapped = FromRocks(status);
  if (mapped.code() == StatusCode::kCorruption) {
    ORRERY_PROBE(runtime.probes, "storage.engine.read_corruption");
    return mapped;
  }
  ORRERY_PROBE(runtime.probes, "storage.engine.read_error");
  runtime.process.Exit(mapped);
  return mapped;
}

Status RocksCore::WriteStatus(const Status& status, const char* what) {
  if (status.ok()) return status;
  ORRERY_PROBE(runtime.probes, "storage.engine.write_error");
  const Status told = status.Wrap(what);
  runtime.process.Exit(told);
  return told;
}

Status RocksCore::ExpandRanges(const WriteBatch& batch, WriteBatch* expanded) {
  rocksdb::Status status;
  std::set<std::pair<ColumnFamily, Bytes>> put;  // By this batch: not in the database yet.
  batch.ForEach([&](const WriteBatch::Change& change) {
    if (change.kind == WriteBatch::Kind::kPut) {
      expanded->Put(change.family, change.key, change.value);
      put.emplace(change.family, change.key);
      return;
    }
    if (change.kind == WriteBatch::Kind::kDelete) return expanded->Delete(change.family, change.key);
    rocksdb::ReadOptions read = WalkOptions();
    const rocksdb::Slice upper = ToSlice(change.value);
    read.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(read, Handle(change.family)));
    for (rows->Seek(ToSlice(change.key)); rows->Valid(); rows->Next())
      expanded->Delete(change.family, ToView(rows->key()));
    if (!rows->status().ok()) status = rows->status();
    for (auto it = put.lower_bound({change.family, Bytes(change.key)});
         it != put.end() && it->first == change.family && it->second < change.value; ++it) {
      expanded->Delete(change.family, it->second);
    }
  });
  return FromRocks(status);
}

Status RocksCore::DeleteKeys(const KeyRange& range) {
  for (;;) {
    WriteBatch batch;
    rocksdb::Status status;
    InJob(Lane::kBackground, [&] {
      rocksdb::ReadOptions read = WalkOptions();
      const rocksdb::Slice upper = ToSlice(range.end);
      if (!range.end.empty()) read.iterate_upper_bound = &upper;
      const std::unique_ptr<rocksdb::Iterator> rows(db->NewIterator(read, Handle(range.family)));
      for (rows->Seek(ToSlice(range.begin)); rows->Valid() && batch.count() < kDeletePortion; rows->Next())
        batch.Delete(range.family, ToView(rows->key()));
      status = rows->status();
    });
    ORRERY_RETURN_IF_ERROR(WriteStatus(FromRocks(status), "delete range"));
    if (batch.empty()) return Status::Ok();
    for (Status applied = Apply(batch); !applied.ok(); applied = Apply(batch)) {
      if (applied.code() != StatusCode::kBusy) return applied;
      runtime.scheduler.SleepFor(kRetryPause);
    }
  }
}

Status RocksCore::Apply(const WriteBatch& batch) {
  if (batch.empty()) return Status::Ok();
  rocksdb::Status written;
  WriteBatch expanded;
  const WriteBatch* applied = &batch;
  if (batch.has_ranges()) {
    Status status;
    Inline([&] { status = ExpandRanges(batch, &expanded); });
    ORRERY_RETURN_IF_ERROR(WriteStatus(status, "delete range"));
    if (expanded.empty()) return Status::Ok();
    applied = &expanded;
  }
  // Legal: write buffers may be full at any time.
  const bool full = runtime.probes.Buggify("storage.engine.buffers_full", 0.01);
  if (full) written = rocksdb::Status::Incomplete();
  Inline([&] {
    if (full) return;
    rocksdb::WriteBatch rocks(applied->Encoded());
    rocks.PutLogData(marker.Next()).PermitUncheckedError();  // Rides in the log only, counts as no change.
    rocksdb::WriteOptions write;
    write.sync = false;
    write.no_slowdown = true;  // Else a full buffer would put the loop to sleep.
    written = db->Write(write, &rocks);
  });
  ORRERY_ASSERT_THAT(!written.IsInvalidArgument(), written.ToString());
  if (written.IsIncomplete()) {
    ORRERY_PROBE(runtime.probes, "storage.engine.write_stall");
    return FromRocks(written);
  }
  return WriteStatus(FromRocks(written), "write");
}

Status RocksCore::Sync(Lane lane) {
  // On the loop, which is the only writer: beside a write under way the log may end within a record.
  Result<WalMarker::Position> position = WalMarker::Position();
  Inline([&] { position = marker.Here(*db); });
  ORRERY_RETURN_IF_ERROR(WriteStatus(position.status(), "sync"));
  rocksdb::Status synced;
  InJob(lane, [&] { synced = db->SyncWAL(); });
  if (synced.ok()) marker.Synced(position.value());
  Status status = FromRocks(synced);
  if (status.code() == StatusCode::kBusy) status = Status(StatusCode::kIoError, std::string(status.message()));
  return WriteStatus(status, "sync");
}

Status RocksCore::ApplyDurably(const WriteBatch& batch) {
  for (;;) {
    const Status applied_status = Apply(batch);
    if (applied_status.ok()) return Sync(Lane::kBackground);
    if (applied_status.code() != StatusCode::kBusy) return applied_status;
    runtime.scheduler.SleepFor(kRetryPause);
  }
}

Status RocksCore::FlushFamily(ColumnFamily family) {
  rocksdb::Status status;
  InJob(Lane::kBackground, [&] {
    rocksdb::FlushOptions flush;
    flush.wait = false;  // The job must not sleep: in the simulator nobody else would run meanwhile.
    flush.allow_write_stall = true;
    status = db->Flush(flush, Handle(family));
  });
  ORRERY_RETURN_IF_ERROR(WriteStatus(FromRocks(status), "flush"));
  for (;;) {
    uint64_t waiting = 0;
    Inline([&] {
      ORRERY_ASSERT(db->GetIntProperty(Handle(family), rocksdb::DB::Properties::kNumImmutableMemTable, &waiting));
    });
    ORRERY_RETURN_IF_ERROR(CheckJobs("flush"));
    if (waiting == 0) return Status::Ok();
    runtime.scheduler.SleepFor(kRetryPause);
  }
}

Status RocksCore::CheckJobs(const char* what) {
  uint64_t errors = 0;
  // Of all families: RocksDB counts them with the default one.
  Inline([&] { ORRERY_ASSERT(db->GetIntProperty(rocksdb::DB::Properties::kBackgroundErrors, &errors)); });
  if (errors == 0) return Status::Ok();
  // Why, RocksDB tells only whoever writes; and it may have mattered too little to stop writes.
  rocksdb::Status why;
  Inline([&] {
    rocksdb::WriteBatch nothing;
    nothing.PutLogData(marker.Next()).PermitUncheckedError();
    rocksdb::WriteOptions write;
    write.no_slowdown = true;
    why = db->Write(write, &nothing);
  });
  const bool told = !why.ok() && !why.IsIncomplete();
  return WriteStatus(told ? FromRocks(why) : Status(StatusCode::kIoError, "engine: a background job failed"), what);
}

void RocksCore::StartWatch() {
  watch = runtime.domain.Spawn("engine: watch", [this] {
    while (CheckJobs("watch").ok()) runtime.scheduler.SleepFor(kWatchPause);
    ORRERY_PROBE(runtime.probes, "storage.engine.watch_saw_failed_job");
  });
}

}  // namespace orrery
