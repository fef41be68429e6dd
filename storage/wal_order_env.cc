#include "storage/wal_order_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <mutex>
#include <string>

namespace orrery {
namespace {

/// Remembers the newest log by name: its file object belongs to RocksDB, but a sync through any handle
/// covers what was written through the other.
class WalOrderFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit WalOrderFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}

  const char* Name() const override { return "OrreryWalOrder"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (!path.ends_with(".log")) return target()->NewWritableFile(path, options, file, debug);
    // RocksDB makes logs one after the other; the mutex only hands the name from thread to thread.
    const std::lock_guard<std::mutex> lock(mutex_);
    if (rocksdb::IOStatus synced = SyncNewest(options, debug); !synced.ok()) return synced;
    rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, debug);
    if (status.ok()) newest_ = path;
    return status;
  }

 private:
  rocksdb::IOStatus SyncNewest(const rocksdb::FileOptions& options, rocksdb::IODebugContext* debug) {
    if (newest_.empty()) return rocksdb::IOStatus::OK();
    if (const rocksdb::IOStatus exists = target()->FileExists(newest_, options.io_options, debug); !exists.ok()) {
      // Obsolete and deleted: its content is in tables.
      return exists.IsNotFound() ? rocksdb::IOStatus::OK() : exists;
    }
    std::unique_ptr<rocksdb::FSWritableFile> file;
    rocksdb::IOStatus status = target()->ReopenWritableFile(newest_, options, &file, debug);
    if (status.ok()) status = file->Sync(options.io_options, debug);
    if (status.ok()) status = file->Close(options.io_options, debug);
    return status;
  }

  std::mutex mutex_;
  std::string newest_;
};

class WalOrderEnv final : public rocksdb::EnvWrapper {
 public:
  explicit WalOrderEnv(rocksdb::Env* base) : EnvWrapper(base) {
    file_system_ = std::make_shared<WalOrderFileSystem>(base->GetFileSystem());
  }
  const char* Name() const override { return "OrreryWalOrder"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewWalOrderEnv(rocksdb::Env* base) {
  return std::make_unique<WalOrderEnv>(base);
}

}  // namespace orrery
