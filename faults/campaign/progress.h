#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace orrery::faults {

/// Where a campaign stands.
struct ProgressState {
  double seconds = 0;
  uint64_t seeds = 0;
  uint64_t failures = 0;
  size_t running = 0;
};
/// "125 s: 410 seeds, 2 failures, 3.28 seeds/s, 2 running".
std::string ProgressText(const ProgressState& state);

/// Shows it on standard output: on a terminal one line that is rewritten four times a second, else a line every 30 s.
class ProgressLine {
 public:
  ProgressLine();
  void Show(const ProgressState& state);
  /// Prints text that stays, the progress out of its way.
  void Print(const std::string& text);
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time

  bool terminal_;
  bool shown_ = false;
  Clock::time_point next_;
};

}  // namespace orrery::faults
