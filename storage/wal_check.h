#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/bytes.h"
#include "runtime/base/status.h"

namespace orrery {

class Disk;

/// Tells silent rot in RocksDB's write-ahead log from a torn tail. See docs/decisions/0002-wal-recovery-mode.md.
///
/// RocksDB in kPointInTimeRecovery stops at the first damaged record and opens without a word, which is
/// right for bytes that were never synced and wrong for acknowledged ones. So every synced batch carries a
/// mark, "this boot has synced through sequence number N", and before DB::Open CheckWal refuses damage below the
/// highest mark. What stays undetected is rot in the last synced batch of a log: no later mark vouches for it.
struct SyncMark {
  /// Number of this boot; larger at every open of the store that wrote anything. Requires: > 0.
  uint64_t boot = 0;
  /// Last sequence number covered by a synced write of this boot that returned ok; 0 before the first one. With
  /// one writer: DB::GetLatestSequenceNumber() right after the Write returned (not later: ingests use numbers too).
  uint64_t synced_through = 0;
};

/// Bytes to hand to WriteBatch::PutLogData. Self-describing, 28 bytes, checksummed.
Bytes EncodeSyncMark(const SyncMark& mark);
/// False if the blob is something else.
bool DecodeSyncMark(ByteView blob, SyncMark* mark);

/// One log file as found on disk.
struct WalFile {
  uint64_t number = 0;
  std::string name;
  Bytes content;
};

struct WalCheckReport {
  uint64_t records = 0;         ///< Intact records seen.
  uint64_t damaged_places = 0;  ///< Places where the log does not read on, legal or not.
  uint64_t boot = 0;            ///< Newest boot that left a mark, 0 if none.
  uint64_t synced_through = 0;  ///< Its highest mark.
};

/// kCorruption, naming file and offset, if a record at or below the highest mark of the newest boot is
/// damaged. Ok for damage above it (a torn tail). `files` in ascending order of their number. Pure.
/// Requires: recycle_log_file_num = 0, no WAL compression, avoid_flush_during_recovery = false.
Status CheckWal(std::span<const WalFile> files, WalCheckReport* report = nullptr);

/// The same over all "NNNNNN.log" of a folder. Blocking. Ok if the folder is missing or holds none.
Status CheckWalFolder(Disk& disk, std::string_view folder, WalCheckReport* report = nullptr);

}  // namespace orrery
