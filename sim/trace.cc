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
  return std::unique_ptr<Trace>(new Trace(file, log_level));
}

Trace::~Trace() {
  if (file_ == nullptr) return;
  std::fflush(file_);
  if (file_ != stdout) std::fclose(file_);
}

void Trace::Line(int64_t time_nanos, uint64_t number, std::string_view actor, std::string_view kind,
                 std::string_view text) {
  std::string line = fmt::format("{:>15} {:>9} {:<18} {:<10} {}\n", FormatSeconds(time_nanos),
                                 number == 0 ? "-" : std::to_string(number), actor, kind, text);
  if (text_ != nullptr) {
    text_->append(line);
  } else {
    std::fwrite(line.data(), 1, line.size(), file_);
  }
}

void Trace::Flush() {
  if (file_ != nullptr) std::fflush(file_);
}

}  // namespace orrery::sim
