#include "runtime/real/real_log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace orrery {
namespace {

spdlog::level::level_enum SpdLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  ORRERY_UNREACHABLE("log level");
}

}  // namespace

Result<std::unique_ptr<RealLog>> RealLog::Open(const LogOptions& options) {
  try {
    spdlog::sink_ptr sink;
    if (options.path.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.path, options.file_bytes_max,
                                                                    options.files_max);
    }
    sink->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%fZ %-5l %v", spdlog::pattern_time_type::utc));
    auto logger = std::make_shared<spdlog::logger>("orrery", std::move(sink));
    logger->set_level(SpdLevel(options.level));
    logger->flush_on(spdlog::level::warn);
    return std::unique_ptr<RealLog>(new RealLog(options, std::move(logger)));
  } catch (const spdlog::spdlog_ex& error) {
    return Status(StatusCode::kIoError, "log " + options.path + ": " + error.what());
  }
}

RealLog::RealLog(const LogOptions& options, std::shared_ptr<spdlog::logger> logger)
    : level_(options.level), name_(options.name.empty() ? "" : options.name + " "), logger_(std::move(logger)) {}

RealLog::~RealLog() {
  logger_->flush();
}

void RealLog::Write(LogLevel level, std::string_view component, std::string_view message) {
  logger_->log(SpdLevel(level), "{}[{}] {}", name_, component, message);
}

}  // namespace orrery
