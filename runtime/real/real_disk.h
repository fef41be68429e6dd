#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "runtime/disk.h"
#include "runtime/real/file_descriptor.h"

namespace orrery {

/// A Disk on a folder of the operating system. Blocking, from any thread.
class RealDisk final : public Disk {
 public:
  /// `root` exists; empty: every operation fails with kIoError. Once `*ended` is true, operations that change
  /// anything fail with kIoError.
  RealDisk(std::string root, const std::atomic<bool>* ended) : root_(std::move(root)), ended_(ended) {}

  Result<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) override;
  Status Rename(std::string_view from, std::string_view to) override;
  Status Remove(std::string_view path) override;
  Status MakeDirectory(std::string_view path) override;
  Status SyncDirectory(std::string_view path) override;
  Result<std::vector<std::string>> List(std::string_view path) override;
  Result<bool> Exists(std::string_view path) override;

  const std::string& root() const { return root_; }

 private:
  /// kInvalidArgument for an absolute path, an empty one, or one with ".." in it.
  Result<std::string> FullPath(std::string_view path) const;
  Result<std::string> FullPathToChange(std::string_view path) const;

  std::string root_;
  const std::atomic<bool>* ended_;
};

/// The lock of a data directory: at most one process holds it.
class DirectoryLock {
 public:
  /// Creates the folder (and its parents) if missing, then locks "process.lock" in it and writes our pid there.
  /// kAlreadyExists names the pid that holds it. The kernel releases it when the process ends, however it ends.
  static Result<DirectoryLock> Take(const std::string& directory);

 private:
  explicit DirectoryLock(FileDescriptor fd) : fd_(std::move(fd)) {}

  FileDescriptor fd_;
};

}  // namespace orrery
