#pragma once

#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "runtime/log.h"
#include "runtime/real/real_options.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace orrery {

/// Log on spdlog: "2026-01-31T12:00:00.123456Z warn  [raft] message", to standard error or to a rotating file.
/// Takes lines from any thread.
class RealLog final : public Log {
 public:
  /// kIoError if the file cannot be opened.
  static Result<std::unique_ptr<RealLog>> Open(const LogOptions& options);
  ~RealLog() override;

  bool Enabled(LogLevel level) const override { return level >= level_; }
  void Write(LogLevel level, std::string_view component, std::string_view message) override;

 private:
  RealLog(const LogOptions& options, std::shared_ptr<spdlog::logger> logger);

  LogLevel level_;
  std::string name_;  ///< With a blank after it, or empty.
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace orrery
