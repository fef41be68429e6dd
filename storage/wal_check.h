#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "runtime/base/bytes.h"
#include "runtime/base/status.h"

namespace rocksdb {
class DB;
}

namespace orrery {

class Disk;

/// Tells silent rot in RocksDB's write-ahead log from a torn tail. See docs/decisions/0002-wal-recovery-mode.md.
///
/// RocksDB in kPointInTimeRecovery stops at the first damaged record and opens without a word, which is right for
/// bytes that were never synced and wrong for acknowledged ones. So every batch carries a mark (WriteBatch::
/// PutLogData), "synced up to here", and before DB::Open CheckWalFolder refuses damage below the newest mark. What
/// stays undetected is rot in what the last sync made durable: no later mark vouches for it.
struct WalMark {
  uint64_t first_log = 0;   ///< The log file this boot began with. Older ones are obsolete: Open flushed them.
  uint64_t synced_log = 0;  ///< This log file is durable up to synced_bytes; 0: nothing was synced yet.
  uint64_t synced_bytes = 0;
};

/// Bytes to hand to WriteBatch::PutLogData: about 12, self-describing.
Bytes EncodeWalMark(const WalMark& mark);
/// False if the blob is something else.
bool DecodeWalMark(ByteView blob, WalMark* mark);

/// Makes the marks of one boot. Start and Here are calls into RocksDB (one stat each).
///
///   open:  marker.Start(*db)
///   write: batch.PutLogData(marker.Next()), every batch, synced or not
///   sync:  position = marker.Here(*db); if (db->SyncWAL().ok()) marker.Synced(position);
/// Writes between Here and Synced are fine. A sync that nobody follows up leaves its group unvouched for; a batch that
/// holds nothing but a mark, written when the writer falls idle, closes that gap as soon as it reaches the disk.
class WalMarker {
 public:
  struct Position {
    uint64_t log = 0;
    uint64_t bytes = 0;
  };

  /// Right after DB::Open, before the first write.
  Status Start(rocksdb::DB& db);
  Bytes Next() const { return EncodeWalMark(next_); }
  /// The end of the log now. Requires: no Write is under way (ask between the writer's own writes, not from a job
  /// beside it): in the middle of a record it would vouch for half of it.
  Result<Position> Here(rocksdb::DB& db) const;
  /// A sync that began after Here returned ok.
  void Synced(Position position);

 private:
  WalMark next_;
};

/// One log file as found on disk.
struct WalFile {
  uint64_t number = 0;
  std::string name;
  Bytes content;
};

struct WalCheckReport {
  uint64_t files = 0;
  uint64_t records = 0;         ///< Intact records seen.
  uint64_t damaged_places = 0;  ///< Places where a log does not read on, legal or not.
  uint64_t marks = 0;
  WalMark newest;           ///< The newest of them; all zero if there is none.
  uint64_t newest_log = 0;  ///< The newest log file with a mark; all before it in its boot are vouched for whole.
};

/// kCorruption, naming file and offset, if anything that the newest mark vouches for is damaged or missing: its log up
/// to its position, and all older logs of its boot to their ends. Ok for damage behind it (a torn tail) and for
/// files of older boots. `files` in ascending order of their numbers; files that were deleted because their content
/// is in tables are not missed. Pure.
///
/// Requires of the DB: an environment from NewWalOrderEnv (storage/wal_order_env.h), avoid_flush_during_recovery =
/// false, recycle_log_file_num = 0, wal_compression none, no manual_wal_flush.
Status CheckWal(std::span<const WalFile> files, WalCheckReport* report = nullptr);

/// The same over all "NNNNNN.log" of a folder; to be called before DB::Open. Blocking. Ok if the folder is missing
/// or holds none.
Status CheckWalFolder(Disk& disk, std::string_view folder, WalCheckReport* report = nullptr);

}  // namespace orrery
