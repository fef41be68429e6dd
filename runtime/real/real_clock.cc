#include "runtime/real/real_clock.h"

#include <time.h>

#include <algorithm>

#include "runtime/base/assert.h"

namespace orrery {
namespace {

int64_t Read(clockid_t id) {
  timespec at{};
  ORRERY_ASSERT(clock_gettime(id, &at) == 0);
  return int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace

Instant RealClock::FreshNow() {
  return std::max(now_, Instant::FromNanos(Read(CLOCK_BOOTTIME)));
}

WallTime RealClock::WallNow() {
  return WallTime{Read(CLOCK_REALTIME)};
}

}  // namespace orrery
