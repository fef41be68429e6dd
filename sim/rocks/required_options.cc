#include "sim/rocks/required_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/table.h>

#include "runtime/rocks_host.h"

namespace orrery::sim {

std::vector<std::string> RocksOptionProblems(const rocksdb::DBOptions& options) {
  std::vector<std::string> problems;
  const auto require = [&problems](bool holds, const char* what) {
    if (!holds) problems.push_back(what);
  };
  require(options.info_log != nullptr, "info_log must be RocksHost::logger()");
  require(options.db_host_id.empty(), "db_host_id must be empty");
  require(options.stats_dump_period_sec == 0, "stats_dump_period_sec must be 0");
  require(options.stats_persist_period_sec == 0, "stats_persist_period_sec must be 0");
  require(options.max_background_jobs == 2, "max_background_jobs must be 2");
  require(options.max_subcompactions == 1, "max_subcompactions must be 1");
  require(options.max_file_opening_threads == 1, "max_file_opening_threads must be 1");
  require(options.max_bgerror_resume_count == 0, "max_bgerror_resume_count must be 0");
  require(options.sst_file_manager == nullptr || options.sst_file_manager->GetDeleteRateBytesPerSecond() == 0,
          "sst_file_manager must not limit the rate of deletions");
  require(!options.avoid_flush_during_recovery, "avoid_flush_during_recovery must be false");
  require(options.avoid_flush_during_shutdown, "avoid_flush_during_shutdown must be true");
  require(!options.avoid_unnecessary_blocking_io, "avoid_unnecessary_blocking_io must be false");
  require(!options.allow_concurrent_memtable_write, "allow_concurrent_memtable_write must be false");
  require(!options.enable_pipelined_write, "enable_pipelined_write must be false");
  require(!options.unordered_write, "unordered_write must be false");
  require(!options.two_write_queues, "two_write_queues must be false");
  require(!options.enable_write_thread_adaptive_yield, "enable_write_thread_adaptive_yield must be false");
  require(options.recycle_log_file_num == 0, "recycle_log_file_num must be 0");
  require(options.wal_compression == rocksdb::kNoCompression, "wal_compression must be none");
  require(options.wal_recovery_mode == rocksdb::WALRecoveryMode::kPointInTimeRecovery,
          "wal_recovery_mode must be kPointInTimeRecovery");
  require(options.track_and_verify_wals_in_manifest, "track_and_verify_wals_in_manifest must be true");
  require(options.paranoid_checks, "paranoid_checks must be true");
  return problems;
}

namespace {

void SetDbOptions(rocksdb::DBOptions& options, RocksHost& host) {
  options.env = host.env();
  options.info_log = host.logger();
  options.db_host_id = "";
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_background_jobs = 2;
  options.max_subcompactions = 1;
  options.max_file_opening_threads = 1;
  options.max_bgerror_resume_count = 0;
  options.avoid_flush_during_recovery = false;
  options.avoid_flush_during_shutdown = true;
  options.avoid_unnecessary_blocking_io = false;
  options.skip_stats_update_on_db_open = true;
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  options.max_open_files = -1;
  options.table_cache_numshardbits = 0;
  options.writable_file_max_buffer_size = 64 << 10;
  options.compaction_readahead_size = 0;
  options.max_total_wal_size = 1 << 20;
  options.max_manifest_file_size = 256 << 10;
}

}  // namespace

void SetRequiredOptions(rocksdb::Options& options, RocksHost& host) {
  SetDbOptions(options, host);
  options.write_buffer_size = 256 << 10;
  options.arena_block_size = 16 << 10;
  options.max_write_buffer_number = 4;
  options.compression = rocksdb::kNoCompression;
  options.target_file_size_base = 256 << 10;
  options.max_bytes_for_level_base = 1 << 20;
  rocksdb::LRUCacheOptions cache;
  cache.capacity = 1 << 20;
  cache.num_shard_bits = 0;
  cache.use_adaptive_mutex = false;
  cache.metadata_charge_policy = rocksdb::kDontChargeCacheMetadata;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(cache);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
}

}  // namespace orrery::sim
