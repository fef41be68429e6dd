#include "storage/wal_check.h"

#include <rocksdb/db.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

#include "runtime/disk.h"

namespace orrery {
namespace {

constexpr uint32_t kMarkMagic = 0x314d574f;  // "OWM1"; on disk, never change.

// RocksDB's log format (the LevelDB log): blocks of 32 KiB; a record is checksum (4), length (2), type (1), payload,
// never across a block; what does not fit is split into first, middle..., last.
constexpr uint64_t kBlockBytes = 32768;
constexpr uint64_t kHeaderBytes = 7;
constexpr uint64_t kLogBytesMax = uint64_t{1} << 34;
enum : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

/// The stored checksum is rotated, so that a checksum of checksummed data is not a fixed point.
uint32_t Masked(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

struct Fragment {
  uint8_t type = 0;
  ByteView payload;
  uint64_t end = 0;
};

/// The intact fragment at `offset`, if there is one.
std::optional<Fragment> FragmentAt(ByteView log, uint64_t offset) {
  const uint64_t block_end = (offset / kBlockBytes + 1) * kBlockBytes;
  const uint64_t limit = std::min<uint64_t>(block_end, log.size());
  if (offset + kHeaderBytes > limit) return std::nullopt;
  Decoder header(log.substr(offset, kHeaderBytes));
  const uint32_t stored = header.Fixed32();
  const uint64_t length_low = header.Fixed8();
  const uint64_t length = length_low | (static_cast<uint64_t>(header.Fixed8()) << 8);
  const uint8_t type = header.Fixed8();
  if (type < kFull || type > kLast) return std::nullopt;
  const uint64_t end = offset + kHeaderBytes + length;
  if (end > limit) return std::nullopt;
  if (Masked(Crc32c(log.substr(offset + 6, 1 + length))) != stored) return std::nullopt;
  return Fragment{type, log.substr(offset + kHeaderBytes, length), end};
}

/// Where reading may go on after damage at `offset`: behind the damaged fragment if its length survived, else at the
/// next place that reads as one, else at the next block.
uint64_t Resync(ByteView log, uint64_t offset) {
  const uint64_t block_end = std::min<uint64_t>((offset / kBlockBytes + 1) * kBlockBytes, log.size());
  if (offset + kHeaderBytes <= block_end) {
    const auto byte = [log](uint64_t at) { return static_cast<uint64_t>(static_cast<unsigned char>(log[at])); };
    const uint64_t next = offset + kHeaderBytes + (byte(offset + 4) | (byte(offset + 5) << 8));
    if (next < block_end && FragmentAt(log, next)) return next;
  }
  for (uint64_t at = offset + 1; at < block_end; ++at) {
    if (FragmentAt(log, at)) return at;
  }
  return block_end;
}

/// Picks the marks out of a batch and accepts everything else.
class MarkReader final : public rocksdb::WriteBatch::Handler {
 public:
  explicit MarkReader(std::vector<WalMark>& marks) : marks_(marks) {}

  void LogData(const rocksdb::Slice& blob) override {
    WalMark mark;
    if (DecodeWalMark(ByteView(blob.data(), blob.size()), &mark)) marks_.push_back(mark);
  }
  rocksdb::Status PutCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status PutEntityCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status SingleDeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteRangeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MergeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkNoop(bool) override { return {}; }

 private:
  std::vector<WalMark>& marks_;
};

/// One log file, read as far as it can be.
class LogScan {
 public:
  LogScan(ByteView log, std::vector<WalMark>& marks) : log_(log), marks_(marks) {}

  void Run() {
    uint64_t at = 0;
    while (at < log_.size()) {
      const uint64_t left = kBlockBytes - at % kBlockBytes;
      if (left < kHeaderBytes) {
        at += left;
        continue;
      }
      if (const std::optional<Fragment> fragment = FragmentAt(log_, at)) {
        Take(*fragment, at);
        at = fragment->end;
      } else {
        Damaged(at);
        at = Resync(log_, at);
      }
    }
    if (assembling_) Damaged(record_begin_);
  }

  uint64_t records() const { return records_; }
  uint64_t damaged_places() const { return damage_.size(); }
  /// Damage is listed in the order of its discovery, which for a record that never ends is late.
  std::optional<uint64_t> first_damage() const {
    if (damage_.empty()) return std::nullopt;
    return *std::ranges::min_element(damage_);
  }

 private:
  void Take(const Fragment& fragment, uint64_t at) {
    const bool begins = fragment.type == kFull || fragment.type == kFirst;
    if (begins) {
      if (assembling_) Damaged(record_begin_);
      assembling_ = true;
      skipping_ = false;
      record_begin_ = at;
      record_.clear();
    } else if (!assembling_) {
      // The rest of a record whose beginning is known to be damaged is no news.
      if (!skipping_) Damaged(at);
      return;
    }
    record_.append(fragment.payload);
    if (fragment.type == kFull || fragment.type == kLast) Finish();
  }

  void Finish() {
    assembling_ = false;
    rocksdb::WriteBatch batch(record_);
    MarkReader reader(marks_);
    if (batch.Iterate(&reader).ok()) {
      ++records_;
    } else {
      Damaged(record_begin_);
    }
  }

  void Damaged(uint64_t at) {
    damage_.push_back(at);
    assembling_ = false;
    skipping_ = true;
  }

  const ByteView log_;
  std::vector<WalMark>& marks_;
  std::vector<uint64_t> damage_;
  uint64_t records_ = 0;
  bool assembling_ = false;  ///< Inside a record that began and has not ended.
  bool skipping_ = false;    ///< Behind damage, before the next beginning.
  uint64_t record_begin_ = 0;
  Bytes record_;
};

/// What one log file holds, for the judgement.
struct LogContent {
  std::optional<uint64_t> damage;  ///< The first place.
  std::vector<WalMark> marks;
};

Status Rotten(const WalFile& file, uint64_t offset, std::string_view what, const WalCheckReport& seen) {
  return Status(StatusCode::kCorruption, file.name + ": " + std::string(what) + " at offset " + std::to_string(offset) +
                                             ", but log " + std::to_string(seen.newest.synced_log) +
                                             " was synced up to " + std::to_string(seen.newest.synced_bytes) +
                                             ", and all logs before " + std::to_string(seen.newest_log) +
                                             ": acknowledged writes are lost");
}

Status Judge(const WalFile& file, std::optional<uint64_t> damage, const WalCheckReport& seen) {
  if (file.number < seen.newest.first_log) return Status::Ok();
  if (file.number < seen.newest_log) return damage ? Rotten(file, *damage, "damaged", seen) : Status::Ok();
  if (file.number != seen.newest.synced_log) return Status::Ok();
  if (damage && *damage < seen.newest.synced_bytes) return Rotten(file, *damage, "damaged", seen);
  if (file.content.size() < seen.newest.synced_bytes) return Rotten(file, file.content.size(), "ends", seen);
  return Status::Ok();
}

std::optional<uint64_t> LogNumber(std::string_view name) {
  constexpr std::string_view kSuffix = ".log";
  if (!name.ends_with(kSuffix)) return std::nullopt;
  name.remove_suffix(kSuffix.size());
  if (name.empty() || name.size() > 18) return std::nullopt;
  uint64_t number = 0;
  for (const char digit : name) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(digit - '0');
  }
  return number;
}

}  // namespace

Bytes EncodeWalMark(const WalMark& mark) {
  Bytes out;
  Encoder(out).Fixed32(kMarkMagic).Varint(mark.first_log).Varint(mark.synced_log).Varint(mark.synced_bytes);
  return out;
}

bool DecodeWalMark(ByteView blob, WalMark* mark) {
  Decoder in(blob);
  if (in.Fixed32() != kMarkMagic) return false;
  mark->first_log = in.Varint();
  mark->synced_log = in.Varint();
  mark->synced_bytes = in.Varint();
  return in.ok() && in.AtEnd();
}

Status WalMarker::Start(rocksdb::DB& db) {
  ORRERY_ASSIGN_OR_RETURN(const Position position, Here(db));
  next_ = {.first_log = position.log};
  return Status::Ok();
}

Result<WalMarker::Position> WalMarker::Here(rocksdb::DB& db) const {
  std::unique_ptr<rocksdb::LogFile> file;
  const rocksdb::Status status = db.GetCurrentWalFile(&file);
  if (!status.ok()) return Status(StatusCode::kIoError, "size of the write-ahead log: " + status.ToString());
  return Position{file->LogNumber(), file->SizeFileBytes()};
}

void WalMarker::Synced(Position position) {
  if (std::tie(position.log, position.bytes) < std::tie(next_.synced_log, next_.synced_bytes)) return;
  next_.synced_log = position.log;
  next_.synced_bytes = position.bytes;
}

Status CheckWal(std::span<const WalFile> files, WalCheckReport* report) {
  WalCheckReport local;
  WalCheckReport& seen = report != nullptr ? *report : local;
  seen = {};
  seen.files = files.size();
  std::vector<LogContent> contents(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    LogScan scan(files[i].content, contents[i].marks);
    scan.Run();
    contents[i].damage = scan.first_damage();
    seen.records += scan.records();
    seen.damaged_places += scan.damaged_places();
    seen.marks += contents[i].marks.size();
    for (const WalMark& mark : contents[i].marks) {
      seen.newest_log = files[i].number;
      const auto key = [](const WalMark& m) { return std::tie(m.first_log, m.synced_log, m.synced_bytes); };
      if (key(mark) > key(seen.newest)) seen.newest = mark;
    }
  }
  for (size_t i = 0; i < files.size(); ++i) ORRERY_RETURN_IF_ERROR(Judge(files[i], contents[i].damage, seen));
  return Status::Ok();
}

Status CheckWalFolder(Disk& disk, std::string_view folder, WalCheckReport* report) {
  Result<std::vector<std::string>> names = disk.List(folder);
  if (names.code() == StatusCode::kNotFound) return Status::Ok();
  if (!names.ok()) return names.status();
  std::vector<WalFile> files;
  for (const std::string& name : *names) {
    const std::optional<uint64_t> number = LogNumber(name);
    if (!number) continue;
    const std::string path = std::string(folder) + "/" + name;
    ORRERY_ASSIGN_OR_RETURN(Bytes content, disk.ReadFile(path, kLogBytesMax));
    files.push_back({*number, path, std::move(content)});
  }
  std::ranges::sort(files, {}, &WalFile::number);
  return CheckWal(files, report);
}

}  // namespace orrery
