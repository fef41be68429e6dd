#include "sim/rocks/sim_clock.h"

#include <algorithm>

#include "sim/disk/sim_disk.h"

namespace orrery::sim {

SimSystemClock::SimSystemClock(SimDisk& disk, std::function<Instant()> now, std::function<WallTime()> wall_now)
    : disk_(disk), now_(std::move(now)), wall_now_(std::move(wall_now)) {}

uint64_t SimSystemClock::NowNanos() {
  const int64_t nanos = (now_() + disk_.debt()).nanos();
  latest_nanos_ = std::max(latest_nanos_, nanos);
  return static_cast<uint64_t>(latest_nanos_);
}

uint64_t SimSystemClock::NowMicros() {
  return NowNanos() / 1000;
}

void SimSystemClock::SleepForMicroseconds(int micros) {
  // Also when the world has taken the debt and not yet moved its clock: RocksDB loops until time has passed.
  const Duration span = microseconds(std::max(micros, 0));
  latest_nanos_ = static_cast<int64_t>(NowNanos()) + span.count();
  disk_.Charge(span);
}

rocksdb::Status SimSystemClock::GetCurrentTime(int64_t* unix_time) {
  *unix_time = wall_now_().nanos / 1'000'000'000;
  return rocksdb::Status::OK();
}

std::string SimSystemClock::TimeToString(uint64_t time) {
  return std::to_string(time);
}

}  // namespace orrery::sim
