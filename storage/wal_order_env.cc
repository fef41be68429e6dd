#include "storage/wal_order_env.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <mutex>
#include <string>
#include <utility>

namespace orrery {
namespace {

/// Syncs of logs until one fails; every later one fails like that one.
class LogSyncs {
 public:
  template <class Sync>
  rocksdb::IOStatus Run(Sync sync) {
    if (rocksdb::IOStatus failed = Failed(); !failed.ok()) return failed;
    const rocksdb::IOStatus status = sync();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failed_.ok()) failed_ = status;
    return failed_;  // Of another thread's, too: what that one lost may be what this one should have covered.
  }

 private:
  rocksdb::IOStatus Failed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return failed_;
  }

  std::mutex mutex_;
  rocksdb::IOStatus failed_;
};

class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::shared_ptr<LogSyncs> syncs)
      : FSWritableFileOwnerWrapper(std::move(file)), syncs_(std::move(syncs)) {}

  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return syncs_->Run([&] { return target()->Sync(options, debug); });
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return syncs_->Run([&] { return target()->Fsync(options, debug); });
  }

 private:
  const std::shared_ptr<LogSyncs> syncs_;
};

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
    std::unique_ptr<rocksdb::FSWritableFile> log;
    rocksdb::IOStatus status = target()->NewWritableFile(path, options, &log, debug);
    if (!status.ok()) return status;
    *file = std::make_unique<LogFile>(std::move(log), syncs_);
    newest_ = path;
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
    if (status.ok()) status = syncs_->Run([&] { return file->Sync(options.io_options, debug); });
    if (status.ok()) status = file->Close(options.io_options, debug);
    return status;
  }

  const std::shared_ptr<LogSyncs> syncs_ = std::make_shared<LogSyncs>();  ///< The files outlive us at times.
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
