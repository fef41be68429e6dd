#pragma once

#include <rocksdb/system_clock.h>

#include <functional>

#include "runtime/base/time.h"

namespace orrery::sim {

class SimDisk;

/// RocksDB's clock on a simulated node: the node's time plus what its disk has taken and nobody has paid
/// yet. Sleeping adds to that debt and returns at once. Never goes back within a boot.
class SimSystemClock final : public rocksdb::SystemClock {
 public:
  SimSystemClock(SimDisk& disk, std::function<Instant()> now, std::function<WallTime()> wall_now);

  const char* Name() const override { return "OrrerySimClock"; }
  uint64_t NowMicros() override;
  uint64_t NowNanos() override;
  void SleepForMicroseconds(int micros) override;
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override;
  std::string TimeToString(uint64_t time) override;

 private:
  SimDisk& disk_;
  const std::function<Instant()> now_;
  const std::function<WallTime()> wall_now_;
  int64_t latest_nanos_ = 0;
};

}  // namespace orrery::sim
