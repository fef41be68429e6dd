#include "sim/rocks/sim_rocks_host.h"

#include <rocksdb/env.h>

#include <cstdarg>
#include <cstdio>

#include "sim/disk/sim_disk.h"
#include "sim/rocks/sim_env.h"

namespace orrery::sim {

/// rocksdb::Random::GetTLSInstance(): the generator behind skip-list heights, seeded with a hash of
/// pthread_self(). Its only member is the 31-bit seed.
uint32_t* RocksThreadSeed() asm("_ZN7rocksdb6Random14GetTLSInstanceEv");

namespace {

class SimLogger final : public rocksdb::Logger {
 public:
  explicit SimLogger(Log* log) : log_(log) {
    const bool speaks = log != nullptr && log->Enabled(LogLevel::kDebug);
    SetInfoLogLevel(speaks ? rocksdb::InfoLogLevel::INFO_LEVEL : rocksdb::InfoLogLevel::FATAL_LEVEL);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    if (log_ == nullptr || !log_->Enabled(LogLevel::kDebug)) return;
    char line[1024];
    std::vsnprintf(line, sizeof line, format, arguments);
    log_->Write(LogLevel::kDebug, "rocksdb", line);
  }
  void LogHeader(const char*, va_list) override {}

 private:
  Log* const log_;
};

/// The generator never leaves 0 or 2^31 - 1, so neither may be a seed.
uint32_t ValidSeed(uint64_t word) {
  return static_cast<uint32_t>(1 + word % 0x7ffffffd);
}

}  // namespace

SimRocksHost::SimRocksHost(SimRocksOptions options)
    : env_(std::make_unique<SimEnv>(options)),
      logger_(std::make_shared<SimLogger>(options.log)),
      skiplist_seed_(ValidSeed(options.random.Split("skiplist").key())) {}

SimRocksHost::~SimRocksHost() = default;

rocksdb::Env* SimRocksHost::env() {
  return env_.get();
}

std::shared_ptr<rocksdb::Logger> SimRocksHost::logger() {
  return logger_;
}

std::string SimRocksHost::PathOf(const std::string& disk_path) {
  return "/" + disk_path;
}

uint64_t SimRocksHost::queued_background_jobs() const {
  return env_->queued();
}

bool SimRocksHost::RunOneBackgroundJob() {
  if (env_->queued() == 0) return false;
  RocksScope scope(*this);
  return env_->RunOneJob();
}

uint64_t SimRocksHost::fallback_pumps() const {
  return env_->fallback_pumps();
}

void SimRocksHost::Enter() {
  env_->MakeCurrent();
  outside_seed_ = *RocksThreadSeed();
  *RocksThreadSeed() = skiplist_seed_;
}

void SimRocksHost::Leave() {
  skiplist_seed_ = *RocksThreadSeed();
  *RocksThreadSeed() = outside_seed_;
  env_->EndCurrent();
}

}  // namespace orrery::sim
