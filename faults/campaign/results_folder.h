#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "faults/campaign/seed_result.h"
#include "faults/capsule/files.h"
#include "runtime/base/status.h"

namespace orrery::faults {

/// How much of the results of a campaign is whole.
struct ResultsSize {
  uint64_t bytes = 0;
  uint64_t lines = 0;
};

/// Gets a result and the number of its line, from 1.
using ResultTaker = std::function<void(SeedResult, uint64_t line)>;

/// Calls `each` with every seed of the results of a campaign. Of several lines for one seed (it was cut off, and run
/// again by a campaign that was resumed) the last one stands. A last line without its newline was cut by a crash and is
/// left out. kCorruption "FILE:LINE: ..." for a whole line that is no result.
Result<ResultsSize> ParseResults(std::string_view text, const std::string& file, const ResultTaker& each);

/// The folder a campaign writes into: results.jsonl grows line by line, everything else is replaced whole.
class ResultsFolder {
 public:
  /// Makes the folder. From now on nobody else may: kConflict if another campaign writes there now.
  static Result<ResultsFolder> Open(const std::string& path);
  ResultsFolder(ResultsFolder&& other) noexcept;
  ResultsFolder& operator=(ResultsFolder&&) = delete;
  ~ResultsFolder();

  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Once, before anything is appended. With `resume` the results there are handed to `each` and a cut line is removed;
  /// `identity` must be what the folder was begun with. Without, kAlreadyExists if there are results. kInvalidArgument
  /// for another identity: results of two builds or two mixes do not add up.
  Status Begin(const std::string& identity, bool resume, const ResultTaker& each);
  /// Of all whole lines, those that were there before included.
  uint64_t lines() const { return size_.lines; }
  /// Appends one line. If the disk is full nothing of it stays: kNoSpace.
  Status Append(std::string_view line);
  Status Write(std::string_view name, std::string_view content) const {
    return WriteFileAtomically(PathOf(name), content);
  }

 private:
  ResultsFolder(std::string path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileLock lock_;
  int file_ = -1;
  ResultsSize size_;
};

}  // namespace orrery::faults
