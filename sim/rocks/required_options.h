#pragma once

#include <string>
#include <vector>

namespace rocksdb {
struct DBOptions;
struct Options;
}  // namespace rocksdb

namespace orrery {
class RocksHost;
}

namespace orrery::sim {

/// The options a DB needs on a simulated node, and why. storage/ sets the same in both worlds (it may not
/// include this file); its tests compare with RocksOptionProblems.
///
///   env, info_log                              RocksHost's
///   db_host_id = ""                            else the machine's name goes into every SST
///   stats_dump_period_sec, stats_persist_period_sec = 0   timer threads
///   max_background_jobs = 2, max_subcompactions = 1, max_file_opening_threads = 1   threads
///   max_bgerror_resume_count = 0               a thread per retryable error; we never resume, we reopen
///   sst_file_manager: none with a delete rate  a thread
///   avoid_flush_during_recovery = false        SAFETY: true loses acknowledged writes (kill, reopen, power loss)
///   avoid_flush_during_shutdown = true         Close must not wait
///   avoid_unnecessary_blocking_io = false      background purges cannot be unscheduled at Close
///   allow_concurrent_memtable_write = false, enable_pipelined_write = false, unordered_write = false,
///   two_write_queues = false, enable_write_thread_adaptive_yield = false   one writer; untested otherwise
///   recycle_log_file_num = 0                   storage/wal_check.h reads plain records
///   wal_compression = none                     likewise
///   wal_recovery_mode = kPointInTimeRecovery   with the check before opening: docs/decisions/0002
///   track_and_verify_wals_in_manifest = true   a missing or short closed log is found
///   paranoid_checks = true
/// Per table: LRU block cache with one shard, use_adaptive_mutex = false and kDontChargeCacheMetadata (its charge
/// would depend on malloc_usable_size).
std::vector<std::string> RocksOptionProblems(const rocksdb::DBOptions& options);

/// Sets all of them, and small buffers, for DBs of the simulator's own tests.
void SetRequiredOptions(rocksdb::Options& options, RocksHost& host);

}  // namespace orrery::sim
