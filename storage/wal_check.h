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

/// What RocksDB's recovery does not tell, told before DB::Open. See docs/decisions/0002-wal-recovery-mode.md.
///
/// RocksDB in kPointInTimeRecovery stops at the first damaged record and opens without a word, which is right for
/// bytes that were never synced and wrong for acknowledged ones. And it reads on in the next log file when the one
/// before lost its unsynced end at the edge of a record, which leaves a hole in the middle of the history. So every
/// batch carries a mark (WriteBatch::PutLogData), and PrepareWalFolder refuses damage below the newest mark, and
/// removes unsynced log files behind a hole. What stays undetected is rot in what the last sync made durable: no
/// later mark vouches for it.
struct WalMark {
  uint64_t first_log = 0;     ///< The log file this boot began with. Older ones are obsolete: Open flushed them.
  uint64_t batch = 0;         ///< Number of this batch in this boot, from 1, without gaps.
  uint64_t synced_log = 0;    ///< This log file is durable up to synced_bytes, and all before it to their ends.
  uint64_t synced_bytes = 0;  ///< Log 0: nothing was synced yet.
};

/// Bytes to hand to WriteBatch::PutLogData: about 16, self-describing.
Bytes EncodeWalMark(const WalMark& mark);
/// False if the blob is something else.
bool DecodeWalMark(ByteView blob, WalMark* mark);

/// Makes the marks of one boot. Used by the only writer of the DB. Every call below that takes the DB is a call
/// into RocksDB (one stat).
///
///   open:  marker.Start(*db)
///   write: batch.PutLogData(marker.Next()); if (db->Write(...) took it) marker.Written();
///   sync:  position = marker.Here(*db); if (db->SyncWAL().ok()) marker.Synced(position);
/// Writes between Here and Synced are fine. Every batch needs its mark, synced or not.
class WalMarker {
 public:
  struct Position {
    uint64_t log = 0;
    uint64_t bytes = 0;
  };

  /// Right after DB::Open, before the first write.
  Status Start(rocksdb::DB& db);
  /// The mark of the next batch. Asking again without Written() gives the same.
  Bytes Next() const { return EncodeWalMark(next_); }
  void Written() { ++next_.batch; }
  /// The end of the log now.
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
  uint64_t records = 0;         ///< Intact records seen.
  uint64_t damaged_places = 0;  ///< Places where a log does not read on, legal or not.
  uint64_t marks = 0;
  WalMark newest;  ///< The newest of them; all zero if there is none.
  uint64_t hole_before =
      0;  ///< Unsynced records are missing before this log file, so it must not be replayed; 0: none.
};

/// kCorruption, naming file and offset, if anything that the newest mark vouches for is damaged or missing. Ok for
/// damage behind it (a torn tail) and for files older than its boot. `files` in ascending order of their
/// numbers; files that were deleted because their content is in tables are not missed. Pure.
///
/// Requires of the DB: avoid_flush_during_recovery = false, recycle_log_file_num = 0, wal_compression none, no
/// manual_wal_flush, and more than one column family (only then RocksDB syncs a closed log before a flush may make
/// it obsolete; else power loss may leave a torn log below the mark, which would be refused).
Status CheckWal(std::span<const WalFile> files, WalCheckReport* report = nullptr);

/// Checks all "NNNNNN.log" of a folder and removes, durably, those behind a hole. To be called before DB::Open.
/// Blocking. Ok if the folder is missing or holds none.
Status PrepareWalFolder(Disk& disk, std::string_view folder, WalCheckReport* report = nullptr);

}  // namespace orrery
