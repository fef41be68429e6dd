#include "storage/rocks_iterator.h"

#include <algorithm>

#include "storage/rocks_options.h"

namespace orrery {
namespace {

constexpr uint32_t kFirstPortionRows = 16;

}  // namespace

RocksIterator::RocksIterator(RocksCore& core, const KeyRange& range, const rocksdb::Snapshot* snapshot,
                             bool own_snapshot)
    : core_(core), range_(range), snapshot_(snapshot), own_snapshot_(own_snapshot) {
  lower_ = ToSlice(range_.begin);
  upper_ = ToSlice(range_.end);
  portion_rows_ = std::min(kFirstPortionRows, core_.options.iterator_rows_max);
  ++core_.open_iterators;
}

RocksIterator::~RocksIterator() {
  core_.Inline([&] {
    source_.reset();
    if (own_snapshot_) core_.db->ReleaseSnapshot(snapshot_);
  });
  --core_.open_iterators;
}

void RocksIterator::SeekToFirst() {
  Restart({.forward = true, .from = From::kEdge, .key = {}});
}

void RocksIterator::SeekToLast() {
  Restart({.forward = false, .from = From::kEdge, .key = {}});
}

void RocksIterator::Seek(ByteView key) {
  Restart({.forward = true, .from = From::kKey, .key = Bytes(key)});
}

void RocksIterator::SeekForPrev(ByteView key) {
  Restart({.forward = false, .from = From::kKey, .key = Bytes(key)});
}

void RocksIterator::Next() {
  ORRERY_ASSERT(Valid());
  if (!forward_) return Restart({.forward = true, .from = From::kBesideKey, .key = Bytes(key())});
  if (++at_ < rows_.size() || ended_) return;
  Refill({.forward = true, .from = From::kBesideKey, .key = LastKey()});
}

void RocksIterator::Prev() {
  ORRERY_ASSERT(Valid());
  if (forward_) return Restart({.forward = false, .from = From::kBesideKey, .key = Bytes(key())});
  if (++at_ < rows_.size() || ended_) return;
  Refill({.forward = false, .from = From::kBesideKey, .key = LastKey()});
}

ByteView RocksIterator::key() const {
  ORRERY_ASSERT(Valid());
  return KeyOf(rows_[at_]);
}

ByteView RocksIterator::value() const {
  ORRERY_ASSERT(Valid());
  const Row& row = rows_[at_];
  return ByteView(buffer_).substr(row.offset + row.key_bytes, row.value_bytes);
}

void RocksIterator::Restart(Start start) {
  continues_ = false;
  portion_rows_ = std::min(kFirstPortionRows, core_.options.iterator_rows_max);
  forward_ = start.forward;
  Refill(start);
}

void RocksIterator::Refill(const Start& start) {
  rows_.clear();
  buffer_.clear();
  at_ = 0;
  ended_ = false;
  rocks_status_ = rocksdb::Status::OK();
  core_.InJob(Lane::kRead, [&] { Fill(start); });
  portion_rows_ = std::min(portion_rows_ * 4, core_.options.iterator_rows_max);
  status_ = core_.ReadStatus(rocks_status_);
  if (status_.ok()) return;
  rows_.clear();  // What was gathered before the error is sound, but the walk has a hole behind it.
  ended_ = true;
}

void RocksIterator::EnsureMade() {
  if (source_ != nullptr) return;
  rocksdb::ReadOptions read = WalkOptions();
  read.snapshot = snapshot_;
  if (!range_.begin.empty()) read.iterate_lower_bound = &lower_;
  if (!range_.end.empty()) read.iterate_upper_bound = &upper_;
  source_.reset(core_.db->NewIterator(read, core_.Handle(range_.family)));
}

void RocksIterator::Position(const Start& start) {
  rocksdb::Iterator& rows = *source_;
  const rocksdb::Slice key = ToSlice(start.key);
  if (start.from == From::kEdge) return start.forward ? rows.SeekToFirst() : rows.SeekToLast();
  // A key outside of the bounds is as good as the bound itself, which RocksDB leaves to the caller.
  if (start.forward && start.key < range_.begin) return rows.SeekToFirst();
  if (!start.forward && !range_.end.empty() && start.key >= range_.end) return rows.SeekToLast();
  start.forward ? rows.Seek(key) : rows.SeekForPrev(key);
  if (start.from == From::kBesideKey && rows.Valid() && rows.key() == key) start.forward ? rows.Next() : rows.Prev();
}

void RocksIterator::Fill(const Start& start) {
  EnsureMade();
  if (!continues_) Position(start);
  rocksdb::Iterator& rows = *source_;
  while (rows.Valid() && rows_.size() < portion_rows_ && buffer_.size() < core_.options.iterator_bytes_max) {
    const ByteView key = ToView(rows.key());
    const ByteView value = ToView(rows.value());
    rows_.push_back({buffer_.size(), key.size(), value.size()});
    buffer_.append(key).append(value);
    start.forward ? rows.Next() : rows.Prev();
  }
  rocks_status_ = rows.status();
  continues_ = rows.Valid() && rocks_status_.ok();
  ended_ = !continues_;
  if (!rocks_status_.ok()) source_.reset();
}

}  // namespace orrery
