#pragma once

#include <memory>
#include <span>

#include "storage/rocks_core.h"

namespace orrery {

// Reads of one state, shared by the engine (null snapshot: the newest state) and its snapshots. Internal.
Result<std::optional<Bytes>> RocksGet(RocksCore& core, const rocksdb::Snapshot* snapshot, ColumnFamily family,
                                      ByteView key);
std::optional<Result<std::optional<Bytes>>> RocksTryGet(RocksCore& core, const rocksdb::Snapshot* snapshot,
                                                        ColumnFamily family, ByteView key);
Status RocksScanNow(RocksCore& core, const rocksdb::Snapshot* snapshot, const KeyRange& range,
                    FunctionRef<bool(ByteView, ByteView)> visit);

class RocksSnapshot final : public EngineSnapshot {
 public:
  explicit RocksSnapshot(RocksCore& core);
  ~RocksSnapshot() override;

  Result<std::optional<Bytes>> Get(ColumnFamily family, ByteView key) override;
  std::optional<Result<std::optional<Bytes>>> TryGet(ColumnFamily family, ByteView key) override;
  std::unique_ptr<EngineIterator> NewIterator(const KeyRange& range) override;
  Status ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) override;

 private:
  RocksCore& core_;
  const rocksdb::Snapshot* snapshot_ = nullptr;
};

class RocksEngine final : public Engine {
 public:
  explicit RocksEngine(std::unique_ptr<RocksCore> core) : core_(std::move(core)) {}

  Result<std::optional<Bytes>> Get(ColumnFamily family, ByteView key) override;
  std::optional<Result<std::optional<Bytes>>> TryGet(ColumnFamily family, ByteView key) override;
  std::unique_ptr<EngineIterator> NewIterator(const KeyRange& range) override;
  Status ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) override;
  Status Apply(const WriteBatch& batch) override { return core_->Apply(batch); }
  Status Sync() override { return core_->Sync(Lane::kCommit); }
  std::unique_ptr<EngineSnapshot> TakeSnapshot() override;
  Result<std::unique_ptr<RangeImport>> BeginImport(ByteView import_key, std::span<const KeyRange> ranges) override;
  uint64_t ApproximateBytes(const KeyRange& range) override;
  Status Flush() override;

 private:
  std::unique_ptr<RocksCore> core_;
};

}  // namespace orrery
