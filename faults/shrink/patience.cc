#include "faults/shrink/patience.h"

#include <sys/resource.h>

#include <chrono>

namespace orrery::faults {
double MonotonicSeconds() {
  using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

double ChildrenCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace orrery::faults
