#include "runtime/real/real_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "runtime/real/posix_error.h"

namespace orrery {
namespace {

class RealFile final : public File {
 public:
  RealFile(FileDescriptor fd, std::string path, bool writable, const std::atomic<bool>* ended)
      : fd_(std::move(fd)), path_(std::move(path)), writable_(writable), ended_(ended) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return PosixError("read", path_, errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Status WriteAt(uint64_t offset, ByteView data) override {
    ORRERY_RETURN_IF_ERROR(CheckWritable());
    while (!data.empty()) {
      const ssize_t put = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return PosixError("write", path_, errno);
      data.remove_prefix(static_cast<size_t>(put));
      offset += static_cast<uint64_t>(put);
    }
    return Status::Ok();
  }

  Status Truncate(uint64_t size_bytes) override {
    ORRERY_RETURN_IF_ERROR(CheckWritable());
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0) return PosixError("truncate", path_, errno);
    return Status::Ok();
  }

  Status Sync() override {
    ORRERY_RETURN_IF_ERROR(CheckNotEnded());
    if (::fdatasync(fd_.get()) != 0) return PosixError("sync", path_, errno);
    return Status::Ok();
  }

  Result<uint64_t> SizeBytes() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return PosixError("stat", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

 private:
  Status CheckNotEnded() const {
    if (ended_->load(std::memory_order_acquire)) return Status(StatusCode::kIoError, path_ + ": the node has ended");
    return Status::Ok();
  }
  Status CheckWritable() const {
    if (!writable_) return Status(StatusCode::kInvalidArgument, path_ + ": opened for reading only");
    return CheckNotEnded();
  }

  FileDescriptor fd_;
  std::string path_;
  bool writable_;
  const std::atomic<bool>* ended_;
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead: return O_RDONLY;
    case OpenMode::kCreate: return O_RDWR | O_CREAT;
    case OpenMode::kCreateExclusive: return O_RDWR | O_CREAT | O_EXCL;
  }
  ORRERY_UNREACHABLE("open mode");
}

bool HasDotDot(std::string_view path) {
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return false;
}

}  // namespace

Result<std::string> RealDisk::FullPath(std::string_view path) const {
  if (root_.empty()) {
    return Status(StatusCode::kIoError, "this process has no data directory (asked for " + std::string(path) + ")");
  }
  if (path.empty() || path.front() == '/' || HasDotDot(path) || path.find('\0') != std::string_view::npos) {
    return Status(StatusCode::kInvalidArgument, "path \"" + Printable(path) + "\": must be relative, without \"..\"");
  }
  return root_ + "/" + std::string(path);
}

Result<std::string> RealDisk::FullPathToChange(std::string_view path) const {
  if (ended_->load(std::memory_order_acquire)) {
    return Status(StatusCode::kIoError, std::string(path) + ": the node has ended");
  }
  return FullPath(path);
}

Result<std::unique_ptr<File>> RealDisk::Open(std::string_view path, OpenMode mode) {
  const bool changes = mode != OpenMode::kRead;
  ORRERY_ASSIGN_OR_RETURN(const std::string full, changes ? FullPathToChange(path) : FullPath(path));
  FileDescriptor fd(::open(full.c_str(), FlagsOf(mode) | O_CLOEXEC, 0644));
  if (!fd.valid()) return PosixError("open", full, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return PosixError("stat", full, errno);
  if (!S_ISREG(info.st_mode)) return Status(StatusCode::kInvalidArgument, full + " is not a file");
  return std::unique_ptr<File>(std::make_unique<RealFile>(std::move(fd), full, changes, ended_));
}

Status RealDisk::Rename(std::string_view from, std::string_view to) {
  ORRERY_ASSIGN_OR_RETURN(const std::string full_from, FullPathToChange(from));
  ORRERY_ASSIGN_OR_RETURN(const std::string full_to, FullPathToChange(to));
  if (::rename(full_from.c_str(), full_to.c_str()) != 0)
    return PosixError("rename " + full_from + " to", full_to, errno);
  return Status::Ok();
}

Status RealDisk::Remove(std::string_view path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string full, FullPathToChange(path));
  if (::remove(full.c_str()) != 0) return PosixError("remove", full, errno);
  return Status::Ok();
}

Status RealDisk::MakeDirectory(std::string_view path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string full, FullPathToChange(path));
  if (::mkdir(full.c_str(), 0755) == 0) return Status::Ok();
  const int error_number = errno;
  struct stat info {};
  if (error_number == EEXIST && ::stat(full.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return Status::Ok();
  return PosixError("make directory", full, error_number);
}

Status RealDisk::SyncDirectory(std::string_view path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string full, FullPathToChange(path));
  const FileDescriptor fd(::open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return PosixError("open directory", full, errno);
  if (::fsync(fd.get()) != 0) return PosixError("sync directory", full, errno);
  return Status::Ok();
}

Result<std::vector<std::string>> RealDisk::List(std::string_view path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string full, FullPath(path));
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(full.c_str()), &::closedir);
  if (folder == nullptr) return PosixError("list", full, errno);
  std::vector<std::string> names;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a folder handle of our own (readdir(3), glibc).
  for (errno = 0; const dirent* entry = ::readdir(folder.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !(path == "." && name == "process.lock")) names.emplace_back(name);
  }
  if (errno != 0) return PosixError("list", full, errno);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> RealDisk::Exists(std::string_view path) {
  ORRERY_ASSIGN_OR_RETURN(const std::string full, FullPath(path));
  struct stat info {};
  if (::stat(full.c_str(), &info) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return PosixError("stat", full, errno);
}

Result<DirectoryLock> DirectoryLock::Take(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return Status(StatusCode::kIoError, "data directory " + directory + ": " + error.message());
  const std::string path = directory + "/process.lock";
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.valid()) return PosixError("open", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return PosixError("lock", path, errno);
    char holder[32] = {};
    const ssize_t got = ::pread(fd.get(), holder, sizeof(holder) - 1, 0);
    const std::string pid(holder, got > 0 ? static_cast<size_t>(got) : 0);
    return Status(StatusCode::kAlreadyExists,
                  "data directory " + directory + " is in use by process " + (pid.empty() ? "(starting)" : pid));
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd.get(), 0) != 0) return PosixError("truncate", path, errno);
  if (::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0) return PosixError("write", path, errno);
  return DirectoryLock(std::move(fd));
}

}  // namespace orrery
