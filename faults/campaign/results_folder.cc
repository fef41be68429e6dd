#include "faults/campaign/results_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

namespace orrery::faults {
namespace {

constexpr const char* kResultsName = "results.jsonl";
constexpr const char* kIdentityName = "campaign.id";
constexpr const char* kLockName = "campaign.lock";

}  // namespace

Result<ResultsSize> ParseResults(std::string_view text, const std::string& file, const ResultTaker& each) {
  const auto for_each_line = [&](const std::function<void(SeedResult, uint64_t)>& take) -> Result<ResultsSize> {
    ResultsSize size;
    for (size_t end = 0; (end = text.find('\n', size.bytes)) != std::string_view::npos; size.bytes = end + 1) {
      ++size.lines;
      Result<SeedResult> result = ParseResultLine(text.substr(size.bytes, end - size.bytes));
      if (!result.ok()) return result.status().Wrap(file + ":" + std::to_string(size.lines));
      take(std::move(result).value(), size.lines);
    }
    return size;
  };
  std::map<std::pair<std::string, uint64_t>, uint64_t> standing;
  ORRERY_RETURN_IF_ERROR(for_each_line([&](const SeedResult& result, uint64_t line) {
                           standing[{result.scenario, result.seed}] = line;
                         }).status());
  return for_each_line([&](SeedResult result, uint64_t line) {
    if (standing.at({result.scenario, result.seed}) == line) each(std::move(result), line);
  });
}

Result<ResultsFolder> ResultsFolder::Open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Status(StatusCode::kIoError, path + ": " + error.message());
  Result<FileLock> lock = FileLock::Try(path + "/" + kLockName);
  if (lock.code() == StatusCode::kConflict) {
    return Status(StatusCode::kConflict, "another campaign writes into " + path + " now");
  }
  if (!lock.ok()) return lock.status();
  return ResultsFolder(path, *std::move(lock));
}

Status ResultsFolder::Begin(const std::string& identity, bool resume, const ResultTaker& each) {
  const std::string results = PathOf(kResultsName);
  const Result<std::string> text = ReadWholeFile(results);
  if (!text.ok() && text.code() != StatusCode::kNotFound) return text.status();
  if (text.ok() && !text->empty()) {
    if (!resume) {
      return Status(StatusCode::kAlreadyExists, path_ + " holds the results of a campaign; --resume goes on with it");
    }
    ORRERY_ASSIGN_OR_RETURN(const std::string theirs, ReadWholeFile(PathOf(kIdentityName)));
    if (theirs != identity) {
      return Status(StatusCode::kInvalidArgument,
                    path_ +
                        " was begun with another build, other scenarios, another first seed or the other choice of "
                        "--double-run; its results do not add up with new ones");
    }
    ORRERY_ASSIGN_OR_RETURN(size_, ParseResults(*text, results, each));
  }
  ORRERY_RETURN_IF_ERROR(Write(kIdentityName, identity));
  file_ = open(results.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(size_.bytes)) != 0) return SystemError(results, errno);
  return Status::Ok();
}

ResultsFolder::ResultsFolder(ResultsFolder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::move(other.lock_)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_) {}

ResultsFolder::~ResultsFolder() {
  if (file_ >= 0) close(file_);
}

Status ResultsFolder::Append(std::string_view line) {
  const std::string results = PathOf(kResultsName);
  if (lseek(file_, static_cast<off_t>(size_.bytes), SEEK_SET) < 0) return SystemError(results, errno);
  if (const int error = WriteAll(file_, line); error != 0) {
    if (ftruncate(file_, static_cast<off_t>(size_.bytes)) != 0) return SystemError(results, errno);
    return SystemError(results, error);
  }
  size_.bytes += line.size();
  ++size_.lines;
  return Status::Ok();
}

}  // namespace orrery::faults
