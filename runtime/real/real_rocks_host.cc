#include "runtime/real/real_rocks_host.h"

#include <rocksdb/env.h>

#include <cstdarg>
#include <cstdio>

namespace orrery {
namespace {

LogLevel LevelOf(rocksdb::InfoLogLevel level) {
  switch (level) {
    case rocksdb::InfoLogLevel::WARN_LEVEL: return LogLevel::kWarn;
    case rocksdb::InfoLogLevel::ERROR_LEVEL:
    case rocksdb::InfoLogLevel::FATAL_LEVEL: return LogLevel::kError;
    default: return LogLevel::kDebug;  // RocksDB's own "info" tells of every flush and compaction.
  }
}

class RocksLogger final : public rocksdb::Logger {
 public:
  explicit RocksLogger(Log& log)
      : rocksdb::Logger(log.Enabled(LogLevel::kDebug) ? rocksdb::InfoLogLevel::INFO_LEVEL
                                                      : rocksdb::InfoLogLevel::WARN_LEVEL),
        log_(log) {}

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel() || !log_.Enabled(LevelOf(level))) return;
    char line[2048];
    const int length = std::vsnprintf(line, sizeof(line), format, arguments);
    if (length < 0) return;
    std::string_view text(line, std::min<size_t>(static_cast<size_t>(length), sizeof(line) - 1));
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (!text.empty()) log_.Write(LevelOf(level), "rocksdb", text);
  }

 private:
  Log& log_;
};

}  // namespace

RealRocksHost::RealRocksHost(std::string root, Log& log)
    : root_(std::move(root)), logger_(std::make_shared<RocksLogger>(log)) {}

RealRocksHost::~RealRocksHost() = default;

rocksdb::Env* RealRocksHost::env() {
  return rocksdb::Env::Default();
}

}  // namespace orrery
