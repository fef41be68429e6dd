#include <rocksdb/write_batch.h>

#include <vector>

#include "runtime/base/probe.h"
#include "runtime/disk.h"
#include "runtime/log.h"
#include "storage/import_env.h"
#include "storage/key_codec.h"
#include "storage/rocks_engine.h"
#include "storage/rocks_engine_impl.h"
#include "storage/rocks_import.h"
#include "storage/rocks_options.h"
#include "storage/wal_check.h"
#include "storage/wal_order_env.h"

namespace orrery {
namespace {

/// Says that the folder once held a complete engine. Without it a lost CURRENT file would look like a fresh disk, and
/// RocksDB would make an empty database of a store that has promised things.
std::string CreatedMark(const EngineOptions& options) {
  return options.folder + ".created";
}

Status MakeFolder(Disk& disk, const std::string& folder) {
  for (size_t slash = folder.find('/'); slash != std::string::npos; slash = folder.find('/', slash + 1)) {
    ORRERY_RETURN_IF_ERROR(disk.MakeDirectory(folder.substr(0, slash)));
  }
  ORRERY_RETURN_IF_ERROR(disk.MakeDirectory(folder));
  const size_t slash = folder.rfind('/');
  return disk.SyncDirectory(slash == std::string::npos ? "." : folder.substr(0, slash));
}

/// Everything before RocksDB is entered. Blocking.
Status Prepare(RocksCore& core, bool* created, WalCheckReport* report) {
  Disk& disk = core.runtime.disk;
  ORRERY_ASSIGN_OR_RETURN(*created, disk.Exists(CreatedMark(core.options)));
  ORRERY_RETURN_IF_ERROR(MakeFolder(disk, core.options.folder));
  ORRERY_RETURN_IF_ERROR(CheckWalFolder(disk, core.options.folder, report));
  if (!*created || report->files > 0) return Status::Ok();
  // An engine that was ever complete has a log at any time: what stood in this one nobody vouches for.
  return Status(StatusCode::kCorruption, core.options.folder + "/*.log: the write-ahead log is missing");
}

Status OpenStatus(const rocksdb::Status& status, const std::string& folder) {
  if (status.ok()) return Status::Ok();
  std::string message = "engine folder " + folder + ": " + status.ToString();
  // RocksDB asks for a missing 7.sst a second time under the name that files had long ago.
  for (size_t at = 0; (at = message.find(".ldb", at)) != std::string::npos;) message.replace(at, 4, ".sst");
  // A file that the manifest names and the folder lacks, or a lost CURRENT.
  const bool missing = status.IsNotFound() || status.IsPathNotFound() || status.IsInvalidArgument();
  return Status(missing ? StatusCode::kCorruption : FromRocks(status).code(), message);
}

/// Opens with our families. Inside RocksDB.
Status OpenDb(RocksCore& core, bool created) {
  core.log_env = NewWalOrderEnv(core.runtime.rocks.env());
  core.env = NewImportEnv(core.log_env.get());
  rocksdb::DBOptions options = MakeDbOptions(core.options, core.env.get(), core.runtime.rocks.logger());
  options.create_if_missing = !created;
  options.create_missing_column_families = true;
  const auto cache = MakeBlockCache(core.options);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string_view name : kColumnFamilyNames)
    families.emplace_back(std::string(name), MakeFamilyOptions(core.options, cache));
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const std::string path = core.runtime.rocks.PathOf(core.options.folder);
  const rocksdb::Status status = rocksdb::DB::Open(options, path, families, &handles, &db);
  core.db.reset(db);
  ORRERY_RETURN_IF_ERROR(OpenStatus(status, core.options.folder));
  for (size_t i = 0; i < handles.size(); ++i) core.handles[i] = handles[i];
  for (size_t i = 0; i < handles.size(); ++i) {
    // Batches name families by number (write_batch.h).
    if (handles[i]->GetID() == i) continue;
    return Status(StatusCode::kCorruption, "engine folder " + core.options.folder + ": column family " +
                                               handles[i]->GetName() + " has number " +
                                               std::to_string(handles[i]->GetID()));
  }
  return Status::Ok();
}

/// A small number in kMeta; 0 if missing. Inside RocksDB.
Result<uint64_t> ReadNumber(RocksCore& core, ByteView key) {
  std::string value;
  const rocksdb::Status status =
      core.db->Get(rocksdb::ReadOptions(), core.Handle(ColumnFamily::kMeta), ToSlice(key), &value);
  if (status.IsNotFound()) return uint64_t{0};
  ORRERY_RETURN_IF_ERROR(FromRocks(status));
  Decoder in(value);
  const uint64_t number = in.Fixed64();
  ORRERY_RETURN_IF_ERROR(in.Finish("engine record " + std::string(key)));
  return number;
}

Bytes EncodeNumber(uint64_t number) {
  Bytes out;
  Encoder(out).Fixed64(number);
  return out;
}

/// Checks the format and begins a new boot, durably. Inside RocksDB.
Status BeginBoot(RocksCore& core) {
  ORRERY_RETURN_IF_ERROR(core.marker.Start(*core.db));
  ORRERY_ASSIGN_OR_RETURN(const uint64_t format, ReadNumber(core, kFormatKey));
  if (format > kStorageFormat) {
    return Status(StatusCode::kVersionMismatch, "engine folder " + core.options.folder + " has storage format " +
                                                    std::to_string(format) + ", this program knows up to " +
                                                    std::to_string(kStorageFormat));
  }
  ORRERY_ASSIGN_OR_RETURN(const uint64_t boot, ReadNumber(core, kBootKey));
  core.boot = boot + 1;
  WriteBatch batch;
  batch.Put(ColumnFamily::kMeta, kFormatKey, EncodeNumber(kStorageFormat));
  batch.Put(ColumnFamily::kMeta, kBootKey, EncodeNumber(core.boot));
  rocksdb::WriteBatch rocks(batch.Encoded());
  rocks.PutLogData(core.marker.Next()).PermitUncheckedError();
  ORRERY_RETURN_IF_ERROR(FromRocks(core.db->Write(rocksdb::WriteOptions(), &rocks)));
  ORRERY_ASSIGN_OR_RETURN(const WalMarker::Position position, core.marker.Here(*core.db));
  ORRERY_RETURN_IF_ERROR(FromRocks(core.db->SyncWAL()));
  core.marker.Synced(position);
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<Engine>> OpenRocksEngine(Runtime& runtime, const EngineOptions& options) {
  ORRERY_RETURN_IF_ERROR(options.Validate());
  auto core = std::make_unique<RocksCore>(runtime, options);
  bool created = false;
  WalCheckReport report;
  Status status;
  runtime.offload.Run(Lane::kBackground, [&] { status = Prepare(*core, &created, &report); });
  ORRERY_RETURN_IF_ERROR(status);
  core->InJob(Lane::kBackground, [&] {
    status = OpenDb(*core, created);
    if (status.ok()) status = BeginBoot(*core);
  });
  ORRERY_RETURN_IF_ERROR(status);
  if (!created) {
    runtime.offload.Run(Lane::kBackground,
                        [&] { status = runtime.disk.WriteFileDurably(CreatedMark(options), "orrery engine\n"); });
    ORRERY_RETURN_IF_ERROR(status);
  }
  ORRERY_RETURN_IF_ERROR(RecoverImports(*core));
  core->StartWatch();
  ORRERY_LOG(runtime.log, LogLevel::kInfo, "storage", "engine open, boot {}, {} log records replayed", core->boot,
             report.records);
  return std::unique_ptr<Engine>(std::make_unique<RocksEngine>(std::move(core)));
}

}  // namespace orrery
