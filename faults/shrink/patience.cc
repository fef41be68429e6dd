#include "faults/shrink/patience.h"

#include <signal.h>
#include <sys/resource.h>

#include <chrono>

namespace orrery::faults {
namespace {

volatile sig_atomic_t interrupted = 0;  // lint: allow(global) set by a signal handler

void OnInterrupt(int) {
  interrupted = 1;
}

}  // namespace

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

void CatchInterrupts() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up = {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // Under nohup it goes on.
}

bool Interrupted() {
  return interrupted != 0;
}

}  // namespace orrery::faults
