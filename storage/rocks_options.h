#pragma once

#include <rocksdb/options.h>

#include "storage/engine_options.h"

namespace orrery {

class RocksHost;

/// RocksDB's options, equal in both worlds but for what EngineOptions says. Reasons beside each in the source.
rocksdb::DBOptions MakeDbOptions(const EngineOptions& options, RocksHost& host);
rocksdb::ColumnFamilyOptions MakeFamilyOptions(const EngineOptions& options,
                                               const std::shared_ptr<rocksdb::Cache>& cache);
std::shared_ptr<rocksdb::Cache> MakeBlockCache(const EngineOptions& options);

}  // namespace orrery
