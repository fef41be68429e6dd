#include "sim/trace.h"

#include <cerrno>
#include <cstring>

namespace orrery::sim {

std::string FormatSeconds(int64_t nanos) {
  return fmt::format("{}.{:09}", nanos / 1'000'000'000, nanos % 1'000'000'000);
}

Result<std::unique_ptr<Trace>> Trace::Open(const std::string& path, LogLevel log_level) {
  std::FILE* file = path == "-" ? stdout : std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    return Status(StatusCode::kIoError, fmt::format("cannot write the trace {}: {}", path, std::strerror(errno)));
  }
  return std::unique_ptr<Trace>(new Trace(file, path, log_level));
}

Trace::~Trace() {
  (void)Close();
}

void Trace::Note(bool written) {
  if (!written && error_ == 0) error_ = errno;
}

void Trace::Line(int64_t time_nanos, uint64_t number, std::string_view actor, std::string_view kind,
                 std::string_view text) {
  std::string line = fmt::format("{:>15} {:>9} {:<18} {:<10} {}\n", FormatSeconds(time_nanos),
                                 number == 0 ? "-" : std::to_string(number), actor, kind, text);
  if (text_ != nullptr) {
    text_->append(line);
  } else {
    Note(std::fwrite(line.data(), 1, line.size(), file_) == line.size());
  }
}

void Trace::Flush() {
  if (file_ != nullptr) Note(std::fflush(file_) == 0);
}

Status Trace::Close() {
  Flush();
  if (file_ != nullptr && file_ != stdout) Note(std::fclose(file_) == 0);
  file_ = nullptr;
  if (error_ == 0) return Status::Ok();
  return Status(error_ == ENOSPC ? StatusCode::kNoSpace : StatusCode::kIoError,
                fmt::format("cannot write the trace {}: {}", path_, std::strerror(error_)));
}

}  // namespace orrery::sim
