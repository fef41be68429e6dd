#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace orrery::faults {

/// What the system said about a file: kNoSpace for a full disk, else kIoError; with the file's name and the words.
Status SystemError(const std::string& path, int error);

/// Writes all of it to an open file. Returns the first error (errno), or 0.
int WriteAll(int file, std::string_view content);

/// Writes a file so that there is either the old or the new one, whatever happens meanwhile. Symbolic links are
/// followed; what is there and no file (a device, a pipe) is written into. Errors: SystemError().
Status WriteFileAtomically(const std::string& path, std::string_view content);
/// kNotFound if there is none, kIoError if it cannot be read.
Result<std::string> ReadWholeFile(const std::string& path);

/// Excludes other processes that lock the same file, until it or its process ends. The file is made if it is not there,
/// and stays.
class FileLock {
 public:
  /// kConflict if somebody else holds it now. Errors: SystemError().
  static Result<FileLock> Try(const std::string& path);
  /// Waits for whoever holds it, or for a signal. Errors: SystemError().
  static Result<FileLock> Wait(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  static Result<FileLock> Take(const std::string& path, int operation);

  int file_ = -1;
};

}  // namespace orrery::faults
