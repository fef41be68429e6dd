#include "sim/rocks/sim_file_system.h"

#include <algorithm>

#include "sim/disk/sim_disk.h"
#include "sim/disk/sim_file.h"

namespace orrery::sim {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus Gone() {
  return IOStatus::IOError("this disk is gone for this process");
}

/// Opens and removals of a missing file: RocksDB expects the errno flavour.
IOStatus ToOpenStatus(const Status& status) {
  if (status.code() == StatusCode::kNotFound) return IOStatus::PathNotFound(std::string(status.message()));
  return ToIoStatus(status);
}

IOStatus ReadInto(SimFile& file, uint64_t offset, size_t count, char* scratch, Slice* result) {
  Result<size_t> got = file.ReadAt(offset, std::span<char>(scratch, count));
  *result = Slice(scratch, got.ok() ? *got : 0);
  return ToIoStatus(got.status());
}

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  explicit SequentialFile(std::unique_ptr<SimFile> file) : file_(std::move(file)) {}

  IOStatus Read(size_t count, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    const IOStatus status = ReadInto(*file_, position_, count, scratch, result);
    position_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t count) override {
    const Result<uint64_t> size = file_->SizeBytes();
    if (!size.ok()) return ToIoStatus(size.status());
    position_ = std::min(position_ + count, size.value());
    return IOStatus::OK();
  }

 private:
  const std::unique_ptr<SimFile> file_;
  uint64_t position_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessFile(std::unique_ptr<SimFile> file) : file_(std::move(file)) {}

  IOStatus Read(uint64_t offset, size_t count, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return ReadInto(*file_, offset, count, scratch, result);
  }

 private:
  const std::unique_ptr<SimFile> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  explicit WritableFile(std::unique_ptr<SimFile> file) : file_(std::move(file)) {}

  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return ToIoStatus(file_->Append(ByteView(data.data(), data.size())));
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    const Result<uint64_t> now = file_->SizeBytes();
    if (now.ok() && now.value() == size) return IOStatus::OK();
    return ToIoStatus(now.ok() ? file_->Truncate(size) : now.status());
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return ToIoStatus(file_->Sync()); }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_->SizeBytes().value_or(0); }

 private:
  const std::unique_ptr<SimFile> file_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(SimDisk& disk, uint64_t life, std::string path) : disk_(disk), life_(life), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return life_ == disk_.life() ? ToIoStatus(disk_.SyncDirectory(path_)) : Gone();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  SimDisk& disk_;
  const uint64_t life_;
  const std::string path_;
};

class Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::string lock_path) : path(std::move(lock_path)) {}
  const std::string path;
};

std::string Normal(const std::string& path) {
  const size_t begin = path.find_first_not_of('/');
  if (begin == std::string::npos) return ".";
  const size_t end = path.find_last_not_of('/');
  return path.substr(begin, end - begin + 1);
}

}  // namespace

IOStatus ToIoStatus(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return IOStatus::OK();
    case StatusCode::kNotFound: return IOStatus::NotFound(std::string(status.message()));
    case StatusCode::kNoSpace: return IOStatus::NoSpace(std::string(status.message()));
    default: return IOStatus::IOError(std::string(status.message()));
  }
}

SimFileSystem::SimFileSystem(SimDisk& disk) : disk_(disk), life_(disk.life()) {}

bool SimFileSystem::alive() const {
  return disk_.life() == life_ && !disk_.frozen();
}

IOStatus SimFileSystem::NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                          std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) {
  if (!alive()) return Gone();
  Result<std::unique_ptr<SimFile>> file = disk_.OpenFile(Normal(path), OpenMode::kRead);
  if (!file.ok()) return ToOpenStatus(file.status());
  *result = std::make_unique<SequentialFile>(*std::move(file));
  return IOStatus::OK();
}

IOStatus SimFileSystem::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSRandomAccessFile>* result, IODebugContext*) {
  if (!alive()) return Gone();
  Result<std::unique_ptr<SimFile>> file = disk_.OpenFile(Normal(path), OpenMode::kRead);
  if (!file.ok()) return ToOpenStatus(file.status());
  *result = std::make_unique<RandomAccessFile>(*std::move(file));
  return IOStatus::OK();
}

IOStatus SimFileSystem::OpenWritable(const std::string& path, bool keep_content,
                                     std::unique_ptr<rocksdb::FSWritableFile>* result) {
  if (!alive()) return Gone();
  Result<std::unique_ptr<SimFile>> file = disk_.OpenFile(Normal(path), OpenMode::kCreate);
  if (!file.ok()) return ToOpenStatus(file.status());
  if (!keep_content && file.value()->SizeBytes().value_or(0) > 0) {
    if (const Status status = file.value()->Truncate(0); !status.ok()) return ToIoStatus(status);
  }
  *result = std::make_unique<WritableFile>(*std::move(file));
  return IOStatus::OK();
}

IOStatus SimFileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) {
  return OpenWritable(path, false, result);
}

IOStatus SimFileSystem::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) {
  return OpenWritable(path, true, result);
}

IOStatus SimFileSystem::NewDirectory(const std::string& path, const IOOptions&,
                                     std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) {
  if (!alive()) return Gone();
  const Result<bool> is_directory = disk_.IsDirectory(Normal(path));
  if (!is_directory.ok()) return ToOpenStatus(is_directory.status());
  if (!is_directory.value()) return IOStatus::IOError(path + " is not a folder");
  *result = std::make_unique<Directory>(disk_, life_, Normal(path));
  return IOStatus::OK();
}

IOStatus SimFileSystem::FileExists(const std::string& path, const IOOptions&, IODebugContext*) {
  if (!alive()) return Gone();
  const Result<bool> exists = disk_.Exists(Normal(path));
  if (!exists.ok()) return ToIoStatus(exists.status());
  return exists.value() ? IOStatus::OK() : IOStatus::NotFound(path);
}

IOStatus SimFileSystem::GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* result,
                                    IODebugContext*) {
  if (!alive()) return Gone();
  Result<std::vector<std::string>> names = disk_.List(Normal(path));
  if (!names.ok()) return ToIoStatus(names.status());
  *result = *std::move(names);
  return IOStatus::OK();
}

IOStatus SimFileSystem::DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) {
  return alive() ? ToOpenStatus(disk_.Remove(Normal(path))) : Gone();
}

IOStatus SimFileSystem::Truncate(const std::string& path, size_t size, const IOOptions&, IODebugContext*) {
  if (!alive()) return Gone();
  if (!disk_.Exists(Normal(path)).value_or(false)) return IOStatus::PathNotFound(path);
  const Result<std::unique_ptr<SimFile>> file = disk_.OpenFile(Normal(path), OpenMode::kCreate);
  return ToIoStatus(file.ok() ? file.value()->Truncate(size) : file.status());
}

IOStatus SimFileSystem::CreateDir(const std::string& path, const IOOptions&, IODebugContext*) {
  if (!alive()) return Gone();
  if (disk_.Exists(Normal(path)).value_or(false)) return IOStatus::IOError(path + " exists already");
  return ToIoStatus(disk_.MakeDirectory(Normal(path)));
}

IOStatus SimFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) {
  return alive() ? ToIoStatus(disk_.MakeDirectory(Normal(path))) : Gone();
}

IOStatus SimFileSystem::DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) {
  return alive() ? ToOpenStatus(disk_.Remove(Normal(path))) : Gone();
}

IOStatus SimFileSystem::GetFileSize(const std::string& path, const IOOptions&, uint64_t* size, IODebugContext*) {
  if (!alive()) return Gone();
  const Result<uint64_t> answer = disk_.SizeOf(Normal(path));
  if (!answer.ok()) return ToOpenStatus(answer.status());
  *size = answer.value();
  return IOStatus::OK();
}

IOStatus SimFileSystem::GetFileModificationTime(const std::string& path, const IOOptions&, uint64_t* time,
                                                IODebugContext*) {
  if (!alive()) return Gone();
  *time = 0;  // Only TTLs of archived logs read it, and nothing is archived.
  return disk_.Exists(Normal(path)).value_or(false) ? IOStatus::OK() : IOStatus::PathNotFound(path);
}

IOStatus SimFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) {
  return alive() ? ToOpenStatus(disk_.Rename(Normal(from), Normal(to))) : Gone();
}

IOStatus SimFileSystem::LinkFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) {
  return alive() ? ToOpenStatus(disk_.Link(Normal(from), Normal(to))) : Gone();
}

IOStatus SimFileSystem::AreFilesSame(const std::string& first, const std::string& second, const IOOptions&,
                                     bool* result, IODebugContext*) {
  *result = Normal(first) == Normal(second);
  return alive() ? IOStatus::OK() : Gone();
}

IOStatus SimFileSystem::LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock, IODebugContext*) {
  *lock = nullptr;
  if (!alive()) return Gone();
  if (!locks_.insert(Normal(path)).second) return IOStatus::IOError(path + " is locked by this process already");
  if (const auto file = disk_.OpenFile(Normal(path), OpenMode::kCreate); !file.ok()) {
    locks_.erase(Normal(path));
    return ToOpenStatus(file.status());
  }
  *lock = new Lock(Normal(path));
  return IOStatus::OK();
}

IOStatus SimFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) {
  // Locks belong to the process: they go even on a dead disk.
  Lock* const ours = static_cast<Lock*>(lock);
  locks_.erase(ours->path);
  delete ours;
  return IOStatus::OK();
}

IOStatus SimFileSystem::GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) {
  return IOStatus::NotSupported("no test directory on a simulated disk");
}

IOStatus SimFileSystem::NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>*,
                                  IODebugContext*) {
  return IOStatus::NotSupported("set info_log to RocksHost::logger()");
}

IOStatus SimFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                                        IODebugContext*) {
  *result = "/" + Normal(path);
  return IOStatus::OK();
}

IOStatus SimFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* result, IODebugContext*) {
  if (!alive()) return Gone();
  const Result<bool> answer = disk_.IsDirectory(Normal(path));
  if (!answer.ok()) return ToOpenStatus(answer.status());
  *result = answer.value();
  return IOStatus::OK();
}

IOStatus SimFileSystem::GetFreeSpace(const std::string&, const IOOptions&, uint64_t*, IODebugContext*) {
  return IOStatus::NotSupported("free space");
}

}  // namespace orrery::sim
