#include "storage/testing/model_engine.h"

#include <algorithm>

#include "storage/snapshot_chunk.h"

namespace orrery::testing {
namespace {

using Families = ModelEngine::Families;
using Family = std::map<Bytes, Bytes>;

Family& Of(Families& families, ColumnFamily family) {
  return families[static_cast<size_t>(family)];
}

bool InRange(const KeyRange& range, ByteView key) {
  return key >= range.begin && (range.end.empty() || key < range.end);
}

std::optional<Bytes> Find(Families& families, ColumnFamily family, ByteView key) {
  const auto found = Of(families, family).find(Bytes(key));
  return found == Of(families, family).end() ? std::nullopt : std::optional(found->second);
}

/// Over a copy of its range.
class ModelIterator final : public EngineIterator {
 public:
  ModelIterator(const Family& family, const KeyRange& range) {
    for (const auto& [key, value] : family) {
      if (InRange(range, key)) rows_.emplace(key, value);
    }
    at_ = rows_.end();
  }
  void SeekToFirst() override { at_ = rows_.begin(); }
  void SeekToLast() override { at_ = rows_.empty() ? rows_.end() : std::prev(rows_.end()); }
  void Seek(ByteView key) override { at_ = rows_.lower_bound(Bytes(key)); }
  void SeekForPrev(ByteView key) override { Before(rows_.upper_bound(Bytes(key))); }
  void Next() override { ++at_; }
  void Prev() override { Before(at_); }
  bool Valid() const override { return at_ != rows_.end(); }
  ByteView key() const override { return at_->first; }
  ByteView value() const override { return at_->second; }
  Status status() const override { return Status::Ok(); }

 private:
  void Before(Family::iterator at) { at_ = at == rows_.begin() ? rows_.end() : std::prev(at); }

  Family rows_;
  Family::iterator at_;
};

Status Scan(const Family& family, const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) {
  for (const auto& [key, value] : family) {
    if (InRange(range, key) && !visit(key, value)) break;
  }
  return Status::Ok();
}

class ModelSnapshot final : public EngineSnapshot {
 public:
  explicit ModelSnapshot(Families families) : families_(std::move(families)) {}
  Result<std::optional<Bytes>> Get(ColumnFamily family, ByteView key) override { return Find(families_, family, key); }
  std::optional<Result<std::optional<Bytes>>> TryGet(ColumnFamily family, ByteView key) override {
    return Get(family, key);
  }
  std::unique_ptr<EngineIterator> NewIterator(const KeyRange& range) override {
    return std::make_unique<ModelIterator>(Of(families_, range.family), range);
  }
  Status ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) override {
    return Scan(Of(families_, range.family), range, visit);
  }

 private:
  Families families_;
};

class ModelImport final : public RangeImport {
 public:
  ModelImport(std::shared_ptr<Families> families, std::span<const KeyRange> ranges)
      : families_(std::move(families)), ranges_(ranges.begin(), ranges.end()) {}

  Status AddChunk(ByteView bytes) override {
    ORRERY_ASSIGN_OR_RETURN(const SnapshotChunk chunk, DecodeSnapshotChunk(bytes));
    if (chunk.sequence != chunks_ || complete_) return Status(StatusCode::kCorruption, "not the next chunk");
    for (const SnapshotRow& row : chunk.rows) {
      const bool inside = std::any_of(ranges_.begin(), ranges_.end(), [&](const KeyRange& range) {
        return range.family == row.family && InRange(range, row.key);
      });
      if (!inside) return Status(StatusCode::kCorruption, "outside of the ranges");
      rows_.Put(row.family, row.key, row.value);
    }
    ++chunks_;
    complete_ = chunk.last;
    return Status::Ok();
  }
  uint64_t chunks() const override { return chunks_; }
  bool complete() const override { return complete_; }
  Status Finish(const WriteBatch& final_batch) override {
    for (const KeyRange& range : ranges_) EraseRange(range, *families_);
    ApplyToModel(rows_, *families_);
    ApplyToModel(final_batch, *families_);
    return Status::Ok();
  }

 private:
  std::shared_ptr<Families> families_;
  std::vector<KeyRange> ranges_;
  WriteBatch rows_;
  uint64_t chunks_ = 0;
  bool complete_ = false;
};

}  // namespace

void EraseRange(const KeyRange& range, Families& families) {
  std::erase_if(Of(families, range.family), [&](const auto& row) { return InRange(range, row.first); });
}

void ApplyToModel(const WriteBatch& batch, Families& families) {
  batch.ForEach([&](const WriteBatch::Change& change) {
    Family& family = Of(families, change.family);
    switch (change.kind) {
      case WriteBatch::Kind::kPut: family[Bytes(change.key)] = Bytes(change.value); break;
      case WriteBatch::Kind::kDelete: family.erase(Bytes(change.key)); break;
      case WriteBatch::Kind::kDeleteRange:
        family.erase(family.lower_bound(Bytes(change.key)), family.lower_bound(Bytes(change.value)));
        break;
    }
  });
}

Result<std::optional<Bytes>> ModelEngine::Get(ColumnFamily family, ByteView key) {
  return Find(*families_, family, key);
}

std::optional<Result<std::optional<Bytes>>> ModelEngine::TryGet(ColumnFamily family, ByteView key) {
  return Get(family, key);
}

std::unique_ptr<EngineIterator> ModelEngine::NewIterator(const KeyRange& range) {
  return std::make_unique<ModelIterator>(Of(*families_, range.family), range);
}

Status ModelEngine::ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) {
  return Scan(Of(*families_, range.family), range, visit);
}

Status ModelEngine::Apply(const WriteBatch& batch) {
  ApplyToModel(batch, *families_);
  return Status::Ok();
}

std::unique_ptr<EngineSnapshot> ModelEngine::TakeSnapshot() {
  return std::make_unique<ModelSnapshot>(*families_);
}

Result<std::unique_ptr<RangeImport>> ModelEngine::BeginImport(ByteView, std::span<const KeyRange> ranges) {
  return std::unique_ptr<RangeImport>(std::make_unique<ModelImport>(families_, ranges));
}

uint64_t ModelEngine::ApproximateBytes(const KeyRange& range) {
  uint64_t bytes = 0;
  for (const auto& [key, value] : Of(*families_, range.family)) {
    if (InRange(range, key)) bytes += key.size() + value.size();
  }
  return bytes;
}

}  // namespace orrery::testing
