#pragma once

#include <rocksdb/options.h>

#include "storage/engine_options.h"

namespace orrery {

/// RocksDB's options, equal in both worlds but for what EngineOptions says. `env` comes from NewWalOrderEnv. Reasons
/// beside each in the source.
rocksdb::DBOptions MakeDbOptions(const EngineOptions& options, rocksdb::Env* env,
                                 std::shared_ptr<rocksdb::Logger> logger);
rocksdb::ColumnFamilyOptions MakeFamilyOptions(const EngineOptions& options,
                                               const std::shared_ptr<rocksdb::Cache>& cache);
/// For every iterator of the engine. The engine writes no range tombstones, and iterators must not look for any: with
/// them, RocksDB 7.8 steps over a table whose first block cannot be read and reports success (docs/decisions/0004).
rocksdb::ReadOptions WalkOptions();
std::shared_ptr<rocksdb::Cache> MakeBlockCache(const EngineOptions& options);

}  // namespace orrery
