#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <string>

namespace orrery {

/// What RocksDB (7.8) does not survive when it opens a table: it takes the block of properties apart before it compares
/// that block's checksum, and an assertion of its fails if the highest bit of the block's last word is set, which says
/// that the block has a hash index. No block of properties has one. (table_format wiki: "Rocksdb BlockBasedTable
/// Format"; the last word of a block is the number of its restart points.)
///
/// Corruption naming `path`, or what a read says; OK also for what is broken elsewhere, which RocksDB finds by itself.
/// Blocking. `file` has `size` bytes.
rocksdb::IOStatus CheckTableProperties(const rocksdb::FSRandomAccessFile& file, const std::string& path, uint64_t size,
                                       const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug);

}  // namespace orrery
