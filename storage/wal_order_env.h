#pragma once

#include <memory>

namespace rocksdb {
class Env;
}

namespace orrery {

/// `base`, except for two things about write-ahead logs.
///
/// Where a sync of a log has failed, every later one fails, too. The system forgets what it could not write, and
/// answers the next sync of the same file with success (the error that PostgreSQL made until 2018, known as fsyncgate).
/// RocksDB (7.8) does ask again: for another thread that waits for its own sync meanwhile, and for a flush.
///
/// Before a new log is created the one before it is synced. Without it, a power loss
/// may keep unsynced records of the new log and drop those at the end of the old one, and RocksDB (7.8) replays
/// both: a hole in the middle of the history. See docs/decisions/0002-wal-recovery-mode.md.
///
/// One per open of one DB: give it to Options::env, and delete it after the DB. `base` outlives it. A write that
/// begins a new log takes one sync longer; if that sync fails, the write fails.
std::unique_ptr<rocksdb::Env> NewWalOrderEnv(rocksdb::Env* base);

}  // namespace orrery
