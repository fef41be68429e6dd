#include "sim/interpose/engine_time.h"

#include <rocksdb/system_clock.h>

#include <cstdint>

#include "sim/rocks/sim_env.h"

namespace orrery::sim {

bool ReadEngineTime(clockid_t id, timespec* out) {
  SimEnv* env = SimEnv::Current();
  if (env == nullptr) return false;
  *out = {};
  if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
    int64_t seconds = 0;
    env->GetSystemClock()->GetCurrentTime(&seconds).PermitUncheckedError();
    out->tv_sec = seconds;
    return true;
  }
  const uint64_t nanos = env->GetSystemClock()->NowNanos();
  out->tv_sec = static_cast<time_t>(nanos / 1'000'000'000);
  out->tv_nsec = static_cast<long>(nanos % 1'000'000'000);
  return true;
}

}  // namespace orrery::sim
