#include "faults/campaign/results_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace orrery::faults {
namespace {

constexpr const char* kResultsName = "results.jsonl";
constexpr const char* kIdentityName = "campaign.id";

Status SystemError(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return Status(full ? StatusCode::kNoSpace : StatusCode::kIoError, path + ": " + std::strerror(error));
}

/// All of it, or the first error.
int WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t put = write(file, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    content.remove_prefix(static_cast<size_t>(put));
  }
  return 0;
}

}  // namespace

Status WriteFileAtomically(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new";
  const int file = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return SystemError(path, errno);
  int error = WriteAll(file, content);
  if (error == 0 && fsync(file) != 0) error = errno;
  if (close(file) != 0 && error == 0) error = errno;
  if (error == 0 && rename(draft.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return Status::Ok();
  unlink(draft.c_str());
  return SystemError(path, error);
}

Result<std::string> ReadWholeFile(const std::string& path) {
  if (!std::filesystem::exists(path)) return Status(StatusCode::kNotFound, path + " is not there");
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || std::filesystem::is_directory(path)) return Status(StatusCode::kIoError, "cannot read " + path);
  return text.str();
}

Result<uint64_t> ParseResults(std::string_view text, const std::string& file,
                              const std::function<void(SeedResult)>& each) {
  uint64_t begin = 0;
  uint64_t number = 0;
  for (size_t end = 0; (end = text.find('\n', begin)) != std::string_view::npos; begin = end + 1) {
    ++number;
    Result<SeedResult> result = ParseResultLine(text.substr(begin, end - begin));
    if (!result.ok()) return result.status().Wrap(file + ":" + std::to_string(number));
    each(std::move(result).value());
  }
  return begin;
}

Result<ResultsFolder> ResultsFolder::Open(const std::string& path, const std::string& identity, bool resume,
                                          const std::function<void(SeedResult)>& each) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Status(StatusCode::kIoError, path + ": " + error.message());
  const std::string results = path + "/" + kResultsName;
  const std::string identity_path = path + "/" + kIdentityName;
  uint64_t size = 0;
  const Result<std::string> text = ReadWholeFile(results);
  if (!text.ok() && text.code() != StatusCode::kNotFound) return text.status();
  if (text.ok() && !text->empty()) {
    if (!resume) {
      return Status(StatusCode::kAlreadyExists, path + " holds the results of a campaign; --resume goes on with it");
    }
    ORRERY_ASSIGN_OR_RETURN(const std::string theirs, ReadWholeFile(identity_path));
    if (theirs != identity) {
      return Status(StatusCode::kInvalidArgument,
                    path +
                        " was begun with another build, other scenarios or another first seed; its results do not "
                        "add up with new ones");
    }
    ORRERY_ASSIGN_OR_RETURN(size, ParseResults(*text, results, each));
  }
  ORRERY_RETURN_IF_ERROR(WriteFileAtomically(identity_path, identity));
  const int file = open(results.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return SystemError(results, errno);
  ResultsFolder folder(path, file, size);
  if (ftruncate(file, static_cast<off_t>(size)) != 0) return SystemError(results, errno);
  return folder;
}

ResultsFolder::ResultsFolder(ResultsFolder&& other) noexcept
    : path_(std::move(other.path_)), file_(other.file_), size_bytes_(other.size_bytes_) {
  other.file_ = -1;
}

ResultsFolder::~ResultsFolder() {
  if (file_ >= 0) close(file_);
}

Status ResultsFolder::Append(std::string_view line) {
  const std::string results = PathOf(kResultsName);
  if (lseek(file_, static_cast<off_t>(size_bytes_), SEEK_SET) < 0) return SystemError(results, errno);
  if (const int error = WriteAll(file_, line); error != 0) {
    if (ftruncate(file_, static_cast<off_t>(size_bytes_)) != 0) return SystemError(results, errno);
    return SystemError(results, error);
  }
  size_bytes_ += line.size();
  return Status::Ok();
}

}  // namespace orrery::faults
