#pragma once

#include <array>
#include <map>
#include <memory>

#include "storage/engine.h"

namespace orrery::testing {

/// The engine contract in ordered maps, as dumb as possible: snapshots are copies, nothing suspends, nothing
/// is ever lost. For comparison, and for tests that need an engine but not its disk.
class ModelEngine : public Engine {
 public:
  using Families = std::array<std::map<Bytes, Bytes>, kColumnFamilyCount>;

  Result<std::optional<Bytes>> Get(ColumnFamily family, ByteView key) override;
  std::optional<Result<std::optional<Bytes>>> TryGet(ColumnFamily family, ByteView key) override;
  std::unique_ptr<EngineIterator> NewIterator(const KeyRange& range) override;
  Status ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) override;
  Status Apply(const WriteBatch& batch) override;
  Status Sync() override { return Status::Ok(); }
  std::unique_ptr<EngineSnapshot> TakeSnapshot() override;
  Result<std::unique_ptr<RangeImport>> BeginImport(ByteView import_key, std::span<const KeyRange> ranges) override;
  uint64_t ApproximateBytes(const KeyRange& range) override;
  Status Flush() override { return Status::Ok(); }

  Families& families() { return *families_; }

 private:
  std::shared_ptr<Families> families_ = std::make_shared<Families>();
};

/// Applies a batch to plain maps.
void ApplyToModel(const WriteBatch& batch, ModelEngine::Families& families);
/// Removes the keys of a range.
void EraseRange(const KeyRange& range, ModelEngine::Families& families);

}  // namespace orrery::testing
