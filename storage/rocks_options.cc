#include "storage/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace orrery {
namespace {

constexpr double kBloomBitsPerKey = 10;

/// What keeps RocksDB from using threads, clocks and randomness that the simulation does not own, or from blocking
/// where it need not.
void PinDeterminism(rocksdb::DBOptions& db) {
  db.db_host_id = "";            // Else the host name goes into every file.
  db.stats_dump_period_sec = 0;  // Timer threads.
  db.stats_persist_period_sec = 0;
  db.max_subcompactions = 1;  // Threads of their own.
  db.max_file_opening_threads = 1;
  db.use_adaptive_mutex = false;
  db.enable_write_thread_adaptive_yield = false;  // Spins on the OS clock.
  db.allow_concurrent_memtable_write = false;     // There is one writer.
  db.enable_pipelined_write = false;
  db.skip_stats_update_on_db_open = true;
  db.table_cache_numshardbits = 0;
  db.avoid_unnecessary_blocking_io = false;  // Its purge jobs cannot be withdrawn at Close.
}

/// What decides which bytes survive. See docs/decisions/0002-wal-recovery-mode.md.
void PinRecovery(rocksdb::DBOptions& db) {
  // A torn tail opens, rot below a sync mark is refused before the open (wal_check.h).
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  // A replayed tail that never was synced must reach a synced file before new writes stand on it: with `true`, kill -9,
  // reopen, write and power loss leave a hole below acknowledged writes.
  db.avoid_flush_during_recovery = false;
  db.avoid_flush_during_shutdown = true;  // The log has it all; Close must not wait.
  db.recycle_log_file_num = 0;            // Old records in a recycled file look like rot to the check.
  db.track_and_verify_wals_in_manifest = true;
  db.paranoid_checks = true;
  db.max_bgerror_resume_count = 0;  // A write error ends the process; no recovery thread.
  db.allow_2pc = false;
  db.use_fsync = false;
}

}  // namespace

rocksdb::DBOptions MakeDbOptions(const EngineOptions& options, rocksdb::Env* env,
                                 std::shared_ptr<rocksdb::Logger> logger) {
  rocksdb::DBOptions db;
  db.env = env;
  db.info_log = std::move(logger);
  db.create_if_missing = false;
  PinDeterminism(db);
  PinRecovery(db);
  db.max_background_jobs = options.background_jobs;
  // Every table stays open: a read "from memory only" then never meets a table it knows nothing of.
  db.max_open_files = -1;
  db.max_total_wal_size = options.wal_bytes_max;
  db.max_manifest_file_size = options.manifest_bytes_max;
  db.writable_file_max_buffer_size = size_t{64} << 10;
  db.compaction_readahead_size = options.compaction_readahead_bytes;
  db.bytes_per_sync = 0;
  return db;
}

std::shared_ptr<rocksdb::Cache> MakeBlockCache(const EngineOptions& options) {
  if (options.block_cache_bytes == 0) return nullptr;
  rocksdb::LRUCacheOptions cache;
  cache.capacity = options.block_cache_bytes;
  // The loop is nearly the only reader. A small cache in shards would hold next to nothing in each.
  cache.num_shard_bits = options.block_cache_bytes >= (uint64_t{64} << 20) ? 4 : 0;
  cache.use_adaptive_mutex = false;
  // Metadata is charged by malloc_usable_size, which differs between allocators.
  cache.metadata_charge_policy = rocksdb::kDontChargeCacheMetadata;
  return rocksdb::NewLRUCache(cache);
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(const EngineOptions& options,
                                               const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.no_block_cache = cache == nullptr;
  table.block_size = options.block_bytes;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  table.cache_index_and_filter_blocks = false;  // Always in memory, so a miss in a Bloom filter needs no disk.
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = options.write_buffer_bytes;
  family.arena_block_size = std::clamp<size_t>(options.write_buffer_bytes / 16, size_t{4} << 10, size_t{1} << 20);
  family.max_write_buffer_number = options.write_buffers_max;
  family.target_file_size_base = options.file_bytes;
  family.max_bytes_for_level_base = options.level_base_bytes;
  family.level0_file_num_compaction_trigger = options.level0_compaction_files;
  family.level0_slowdown_writes_trigger = options.level0_stop_files - 1;
  family.level0_stop_writes_trigger = options.level0_stop_files;
  family.compression = rocksdb::kNoCompression;
  if (options.compress) {
    const rocksdb::CompressionType kZstd = rocksdb::kZSTD;
    family.compression_per_level = {
        rocksdb::kNoCompression, rocksdb::kNoCompression, kZstd, kZstd, kZstd, kZstd, kZstd};
  }
  return family;
}

rocksdb::ReadOptions WalkOptions() {
  rocksdb::ReadOptions read;
  read.ignore_range_deletions = true;
  return read;
}

}  // namespace orrery
