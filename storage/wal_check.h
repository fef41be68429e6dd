#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "runtime/base/bytes.h"
#include "runtime/base/status.h"

namespace orrery {

class Disk;

/// Tells silent rot in RocksDB's write-ahead log from a torn tail. See docs/decisions/0002-wal-recovery-mode.md.
///
/// RocksDB in kPointInTimeRecovery stops at the first damaged record and opens without a word, which is right for
/// bytes that were never synced and wrong for acknowledged ones. So every batch carries a mark (WriteBatch::
/// PutLogData), "synced up to here", and before DB::Open CheckWal refuses damage below the newest mark. What stays
/// undetected is rot in the last synced batch: no later mark vouches for it.
///
/// A mark says: log file `log` is durable up to `synced_bytes`, and so are, to their ends, the files of this boot
/// before it. How the writer knows, with db->GetCurrentWalFile(&file) (one stat):
///   - right after DB::Open: first_log = log = file->LogNumber(), synced_bytes = 0;
///   - before each sync: (file->LogNumber(), file->SizeFileBytes()); this is the mark once the sync returned ok. With a
///     Write of sync = true while nobody else writes, reading right after it returned vouches for that Write as well.
struct SyncMark {
  uint64_t first_log = 0;     ///< The log file this boot began with. Older ones are obsolete: Open flushed them.
  uint64_t log = 0;           ///< The log file that was being written.
  uint64_t synced_bytes = 0;  ///< Its durable length then; 0 vouches for nothing.
};

/// Bytes to hand to WriteBatch::PutLogData: 28 of them, self-describing.
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
  uint64_t marks = 0;
  SyncMark newest;  ///< All zero if there is none.
};

/// kCorruption, naming file and offset, if bytes that the newest mark vouches for are damaged or missing. Ok for
/// damage behind it (a torn tail) and for files older than its boot. `files` in ascending order of their
/// numbers; files that were deleted because their content is in tables are not missed. Pure.
///
/// Requires of the DB: avoid_flush_during_recovery = false, recycle_log_file_num = 0, wal_compression none, no
/// manual_wal_flush, and more than one column family (only then RocksDB syncs a closed log before a flush may make
/// it obsolete; else power loss may leave a torn log below the mark, which would be refused).
Status CheckWal(std::span<const WalFile> files, WalCheckReport* report = nullptr);

/// The same over all "NNNNNN.log" of a folder. Blocking. Ok if the folder is missing or holds none.
Status CheckWalFolder(Disk& disk, std::string_view folder, WalCheckReport* report = nullptr);

}  // namespace orrery
