#include "faults/capsule/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace orrery::faults {

Status SystemError(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return Status(full ? StatusCode::kNoSpace : StatusCode::kIoError, path + ": " + std::strerror(error));
}

int WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t put = write(file, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    content.remove_prefix(static_cast<size_t>(put));
  }
  return 0;
}

namespace {

/// Opens, writes, syncs (if that is a thing to do there) and closes. Returns the first error, or 0.
int WriteThrough(const std::string& path, std::string_view content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  int error = WriteAll(file, content);
  // Pipes and devices have nothing to sync.
  if (error == 0 && fsync(file) != 0 && errno != EINVAL && errno != ENOTSUP) error = errno;
  if (close(file) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

Status WriteFileAtomically(const std::string& path, std::string_view content) {
  std::error_code none;
  std::string target = path;
  if (std::filesystem::is_symlink(path, none)) {
    const std::filesystem::path behind = std::filesystem::canonical(path, none);
    if (!none) target = behind.string();
  }
  const std::filesystem::file_type type = std::filesystem::symlink_status(target, none).type();
  const bool replaceable = type == std::filesystem::file_type::regular || type == std::filesystem::file_type::not_found;
  const std::string draft = replaceable ? target + ".new" : target;
  int error = WriteThrough(draft, content);
  if (error == 0 && replaceable && rename(draft.c_str(), target.c_str()) != 0) error = errno;
  if (error == 0) return Status::Ok();
  if (replaceable) unlink(draft.c_str());
  return SystemError(path, error);
}

Result<std::string> ReadWholeFile(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Status(StatusCode::kNotFound, path + " is not there");
  }
  if (error) return SystemError(path, error.value());
  if (std::filesystem::is_directory(status)) return SystemError(path, EISDIR);
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Status(StatusCode::kIoError, "cannot read " + path);
  return text.str();
}

Result<FileLock> FileLock::Take(const std::string& path, int operation) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return SystemError(path, errno);
  FileLock lock(file);
  if (flock(file, operation) == 0) return lock;
  if (errno == EWOULDBLOCK) return Status(StatusCode::kConflict, path + ": somebody else holds it");
  return SystemError(path, errno);  // EINTR, too: who is told to end does not wait on.
}

Result<FileLock> FileLock::Try(const std::string& path) {
  return Take(path, LOCK_EX | LOCK_NB);
}

Result<FileLock> FileLock::Wait(const std::string& path) {
  return Take(path, LOCK_EX);
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock::~FileLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace orrery::faults
