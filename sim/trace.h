#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "runtime/log.h"

namespace orrery::sim {

/// One readable line per event (columns: docs/simulation.md). Not part of the fingerprint. When there is no
/// Trace, call sites format nothing: they test a null pointer.
class Trace {
 public:
  /// "-" is standard output. kIoError names the path.
  static Result<std::unique_ptr<Trace>> Open(const std::string& path, LogLevel log_level);
  /// Collects lines in `out`, for tests. `out` outlives the trace.
  Trace(std::string* out, LogLevel log_level) : text_(out), log_level_(log_level) {}
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// `number` is the event's number in the run, 0 for lines that are no event (log, probe).
  void Line(int64_t time_nanos, uint64_t number, std::string_view actor, std::string_view kind, std::string_view text);
  void Flush();
  /// Ends it. kNoSpace or kIoError, with the path and the system's words, if any line could not be written.
  Status Close();
  LogLevel log_level() const { return log_level_; }

 private:
  Trace(std::FILE* file, std::string path, LogLevel log_level)
      : file_(file), path_(std::move(path)), log_level_(log_level) {}
  void Note(bool written);

  std::FILE* file_ = nullptr;
  std::string path_;
  int error_ = 0;  ///< Of the first write that failed (errno).
  std::string* text_ = nullptr;
  LogLevel log_level_;
};

/// Seconds with nine decimals.
std::string FormatSeconds(int64_t nanos);

}  // namespace orrery::sim
