#include "storage/range_export.h"

#include "runtime/base/probe.h"
#include "storage/snapshot_chunk.h"

namespace orrery {

RangeExport::RangeExport(std::unique_ptr<EngineSnapshot> snapshot, std::vector<KeyRange> ranges, Options options)
    : snapshot_(std::move(snapshot)), ranges_(std::move(ranges)), options_(options) {}

RangeExport::~RangeExport() {
  rows_left_.reset();  // Before the snapshot it reads.
}

Result<std::optional<Bytes>> RangeExport::NextChunk() {
  if (done_) return std::optional<Bytes>();
  SnapshotChunkBuilder chunk(chunks_, rows_);
  while (range_ < ranges_.size() && chunk.size_bytes() < options_.chunk_bytes) {
    if (rows_left_ == nullptr) {
      rows_left_ = snapshot_->NewIterator(ranges_[range_]);
      rows_left_->SeekToFirst();
    }
    for (; rows_left_->Valid() && chunk.size_bytes() < options_.chunk_bytes; rows_left_->Next()) {
      chunk.Add({ranges_[range_].family, rows_left_->key(), rows_left_->value()});
    }
    if (rows_left_->Valid()) break;
    if (Status read = rows_left_->status(); !read.ok()) {  // An error is not the end of the range.
      ORRERY_PROBE_IF(options_.probes, "storage.export.unreadable");
      return read;
    }
    rows_left_.reset();
    ++range_;
  }
  done_ = range_ == ranges_.size();
  ++chunks_;
  rows_ += chunk.rows();
  return std::optional<Bytes>(chunk.Finish(done_));
}

}  // namespace orrery
