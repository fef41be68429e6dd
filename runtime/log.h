#pragma once

#include <fmt/core.h>

#include <string_view>

namespace orrery {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarn, kError };

/// Where a node says what it does, for people. Never read back, never part of a fingerprint.
class Log {
 public:
  virtual ~Log() = default;

  /// Cheap; call sites ask before they format.
  virtual bool Enabled(LogLevel level) const = 0;
  /// One line, no newline. `component` is a folder-like name ("raft", "store"). Does not suspend.
  virtual void Write(LogLevel level, std::string_view component, std::string_view message) = 0;
};

/// Says nothing.
class NoLog final : public Log {
 public:
  bool Enabled(LogLevel) const override { return false; }
  void Write(LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace orrery

/// ORRERY_LOG(runtime.log, LogLevel::kInfo, "raft", "became leader in term {}", term.value());
#define ORRERY_LOG(log, level, component, ...)                                         \
  do {                                                                                 \
    if ((log).Enabled(level)) (log).Write(level, component, fmt::format(__VA_ARGS__)); \
  } while (false)
