#include "storage/rocks_engine.h"

#include "runtime/base/probe.h"
#include "storage/rocks_engine_impl.h"
#include "storage/rocks_import.h"
#include "storage/rocks_iterator.h"
#include "storage/rocks_options.h"

namespace orrery {
namespace {

/// One lookup, inside RocksDB.
rocksdb::Status Lookup(RocksCore& core, rocksdb::ReadTier tier, const rocksdb::Snapshot* snapshot, ColumnFamily family,
                       ByteView key, Bytes* value) {
  rocksdb::ReadOptions read;
  read.read_tier = tier;
  read.snapshot = snapshot;
  rocksdb::PinnableSlice pinned;
  const rocksdb::Status status = core.db->Get(read, core.Handle(family), ToSlice(key), &pinned);
  if (status.ok()) value->assign(pinned.data(), pinned.size());
  return status;
}

Result<std::optional<Bytes>> Answer(RocksCore& core, const rocksdb::Status& status, Bytes value) {
  if (status.ok()) return std::optional<Bytes>(std::move(value));
  if (status.IsNotFound()) return std::optional<Bytes>();
  return core.ReadStatus(status);
}

const rocksdb::Snapshot* PinNow(RocksCore& core) {
  const rocksdb::Snapshot* snapshot = nullptr;
  core.Inline([&] { snapshot = core.db->GetSnapshot(); });
  return snapshot;
}

}  // namespace

std::optional<Result<std::optional<Bytes>>> RocksTryGet(RocksCore& core, const rocksdb::Snapshot* snapshot,
                                                        ColumnFamily family, ByteView key) {
  rocksdb::Status status;
  Bytes value;
  core.Inline([&] { status = Lookup(core, rocksdb::kBlockCacheTier, snapshot, family, key, &value); });
  if (status.IsIncomplete()) return std::nullopt;
  // "Found, empty" is also RocksDB's answer for "may exist" when it cannot look into a table.
  if (status.ok() && value.empty()) return std::nullopt;
  return Answer(core, status, std::move(value));
}

Result<std::optional<Bytes>> RocksGet(RocksCore& core, const rocksdb::Snapshot* snapshot, ColumnFamily family,
                                      ByteView key) {
  if (auto answer = RocksTryGet(core, snapshot, family, key)) return std::move(*answer);
  ORRERY_PROBE(core.runtime.probes, "storage.engine.cold_get");
  rocksdb::Status status;
  Bytes value;
  core.InJob(Lane::kRead, [&] { status = Lookup(core, rocksdb::kReadAllTier, snapshot, family, key, &value); });
  return Answer(core, status, std::move(value));
}

Status RocksScanNow(RocksCore& core, const rocksdb::Snapshot* snapshot, const KeyRange& range,
                    FunctionRef<bool(ByteView, ByteView)> visit) {
  rocksdb::Status status;
  core.Inline([&] {
    rocksdb::ReadOptions read = WalkOptions();
    read.snapshot = snapshot;
    const rocksdb::Slice upper = ToSlice(range.end);
    if (!range.end.empty()) read.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> rows(core.db->NewIterator(read, core.Handle(range.family)));
    for (rows->Seek(ToSlice(range.begin)); rows->Valid(); rows->Next()) {
      if (!visit(ToView(rows->key()), ToView(rows->value()))) return;
    }
    status = rows->status();
  });
  return core.ReadStatus(status);
}

RocksSnapshot::RocksSnapshot(RocksCore& core) : core_(core), snapshot_(PinNow(core)) {
  ++core_.open_snapshots;
}

RocksSnapshot::~RocksSnapshot() {
  core_.Inline([&] { core_.db->ReleaseSnapshot(snapshot_); });
  --core_.open_snapshots;
}

Result<std::optional<Bytes>> RocksSnapshot::Get(ColumnFamily family, ByteView key) {
  return RocksGet(core_, snapshot_, family, key);
}

std::optional<Result<std::optional<Bytes>>> RocksSnapshot::TryGet(ColumnFamily family, ByteView key) {
  return RocksTryGet(core_, snapshot_, family, key);
}

std::unique_ptr<EngineIterator> RocksSnapshot::NewIterator(const KeyRange& range) {
  return std::make_unique<RocksIterator>(core_, range, snapshot_, false);
}

Status RocksSnapshot::ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) {
  return RocksScanNow(core_, snapshot_, range, visit);
}

Result<std::optional<Bytes>> RocksEngine::Get(ColumnFamily family, ByteView key) {
  return RocksGet(*core_, nullptr, family, key);
}

std::optional<Result<std::optional<Bytes>>> RocksEngine::TryGet(ColumnFamily family, ByteView key) {
  return RocksTryGet(*core_, nullptr, family, key);
}

std::unique_ptr<EngineIterator> RocksEngine::NewIterator(const KeyRange& range) {
  // Its two RocksDB iterators, made at different times, must see one state.
  return std::make_unique<RocksIterator>(*core_, range, PinNow(*core_), true);
}

Status RocksEngine::ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) {
  return RocksScanNow(*core_, nullptr, range, visit);
}

std::unique_ptr<EngineSnapshot> RocksEngine::TakeSnapshot() {
  return std::make_unique<RocksSnapshot>(*core_);
}

Result<std::unique_ptr<RangeImport>> RocksEngine::BeginImport(ByteView import_key, std::span<const KeyRange> ranges) {
  return BeginRocksImport(*core_, import_key, ranges);
}

uint64_t RocksEngine::ApproximateBytes(const KeyRange& range) {
  uint64_t bytes = 0;
  // RocksDB wants an end. Nothing sorts behind this one that a guess would miss.
  static constexpr ByteView kFarEnd("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
  core_->Inline([&] {
    const rocksdb::Range asked(ToSlice(range.begin), ToSlice(range.end.empty() ? kFarEnd : ByteView(range.end)));
    rocksdb::SizeApproximationOptions what;
    what.include_memtables = true;
    what.include_files = true;
    core_->db->GetApproximateSizes(what, core_->Handle(range.family), &asked, 1, &bytes).PermitUncheckedError();
  });
  return bytes;
}

Status RocksEngine::Flush() {
  for (int family = 0; family < kColumnFamilyCount; ++family) {
    ORRERY_RETURN_IF_ERROR(core_->FlushFamily(static_cast<ColumnFamily>(family)));
  }
  return Status::Ok();
}

}  // namespace orrery
