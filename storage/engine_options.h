#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace orrery {

/// How large the engine's parts are. The defaults are for production; the simulation draws small ones, so that
/// flushes, compactions and stalls happen within seconds. What is not here is the same in both worlds
/// and stands in rocks_options.cc with its reason.
struct EngineOptions {
  /// Folder on the node's Disk.
  std::string folder = "engine";
  /// Memory of one family before it is written out. [16 KiB, 4 GiB]. The log files that then go are about as large, and
  /// a file system that discards what is freed stands still meanwhile: hence not more.
  uint64_t write_buffer_bytes = uint64_t{32} << 20;
  /// Full buffers of one family that may wait for being written out, plus the active one. [2, 16].
  int write_buffers_max = 4;
  /// Log size that forces the oldest buffer out. [write_buffer_bytes, 64 GiB].
  uint64_t wal_bytes_max = uint64_t{512} << 20;
  /// Cache of uncompressed blocks. [0, 1 TiB]. Zero caches nothing.
  uint64_t block_cache_bytes = uint64_t{512} << 20;
  uint64_t block_bytes = uint64_t{16} << 10;  ///< [512, 1 MiB].
  uint64_t file_bytes = uint64_t{64} << 20;   ///< Size of a sorted file. [16 KiB, 4 GiB].
  /// Size at which a table of a range import is closed, unless file_bytes is less. [1, 64 MiB]: the engine reads such a
  /// table whole before it takes it in.
  uint64_t import_table_bytes = uint64_t{64} << 20;
  uint64_t level_base_bytes = uint64_t{256} << 20;          ///< Size of the first sorted level. [file_bytes, 1 TiB].
  uint64_t manifest_bytes_max = uint64_t{16} << 20;         ///< [4 KiB, 1 GiB].
  uint64_t compaction_readahead_bytes = uint64_t{2} << 20;  ///< [0, 64 MiB].
  /// Threads for writing out and compacting, where the world has threads. [1, 64].
  int background_jobs = 2;
  /// Files of the first level at which compaction starts / writes are refused with kBusy. [2, 64] / [start + 2, 256].
  int level0_compaction_files = 4;
  int level0_stop_files = 36;
  /// Whether files are compressed (zstd below the second level).
  bool compress = false;
  /// Rows an iterator may read ahead in one portion. [1, 65536].
  uint32_t iterator_rows_max = 256;
  /// Bytes after which a portion ends. [1, 64 MiB].
  uint64_t iterator_bytes_max = uint64_t{256} << 10;

  /// kInvalidArgument naming the field, its value and its range.
  Status Validate() const;
};

}  // namespace orrery
