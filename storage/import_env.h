#pragma once

#include <memory>
#include <string_view>

namespace rocksdb {
class Env;
}

namespace orrery {

/// Ends the names of the links under which tables are handed to RocksDB for ingestion.
inline constexpr std::string_view kImportLinkSuffix = ".link";

/// `base`, except that a table's properties are looked at before RocksDB does so (table_check.h), and that a table
/// about to be ingested is read once, whole, when it is opened. While it looks for the last
/// key of such a table, RocksDB (7.8) does not ask whether the read succeeded: its assertion fails, and without
/// assertions it would take rubbish for that key. In this way a read that fails is an error of the ingestion like any
/// other. It costs the memory of one table: they are cut at EngineOptions::import_table_bytes.
///
/// Give it to Options::env, and delete it after the DB. `base` outlives it.
std::unique_ptr<rocksdb::Env> NewImportEnv(rocksdb::Env* base);

}  // namespace orrery
