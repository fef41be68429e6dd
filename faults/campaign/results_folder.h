#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "faults/campaign/seed_result.h"
#include "runtime/base/status.h"

namespace orrery::faults {

/// Writes a file so that there is either the old or the new one, whatever happens meanwhile. kNoSpace or kIoError with
/// the file's name and the system's words.
Status WriteFileAtomically(const std::string& path, std::string_view content);
/// kNotFound if there is none, kIoError if it cannot be read.
Result<std::string> ReadWholeFile(const std::string& path);

/// Calls `each` with every whole line of the results of a campaign. A last line without its newline was cut by a
/// crash and is left out. Returns how many bytes the whole lines have. kCorruption "FILE:LINE: ..." for a whole line
/// that is no result.
Result<uint64_t> ParseResults(std::string_view text, const std::string& file,
                              const std::function<void(SeedResult)>& each);

/// The folder a campaign writes into: results.jsonl grows line by line, everything else is replaced whole.
class ResultsFolder {
 public:
  /// Makes the folder. With `resume` the results there are handed to `each` and a cut line is removed; `identity` must
  /// be what the folder was begun with. Without, kAlreadyExists if there are results. kInvalidArgument for another
  /// identity: results of two builds or two mixes do not add up.
  static Result<ResultsFolder> Open(const std::string& path, const std::string& identity, bool resume,
                                    const std::function<void(SeedResult)>& each);
  ResultsFolder(ResultsFolder&& other) noexcept;
  ResultsFolder& operator=(ResultsFolder&&) = delete;
  ~ResultsFolder();

  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Appends one line. If the disk is full nothing of it stays: kNoSpace.
  Status Append(std::string_view line);
  Status Write(std::string_view name, std::string_view content) const {
    return WriteFileAtomically(PathOf(name), content);
  }

 private:
  ResultsFolder(std::string path, int file, uint64_t size_bytes)
      : path_(std::move(path)), file_(file), size_bytes_(size_bytes) {}

  std::string path_;
  int file_ = -1;
  uint64_t size_bytes_ = 0;
};

}  // namespace orrery::faults
