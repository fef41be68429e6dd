#include "faults/campaign/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace orrery::faults {
namespace {

constexpr std::chrono::milliseconds kTerminalPeriod{250};
constexpr std::chrono::seconds kPlainPeriod{30};

}  // namespace

std::string ProgressText(const ProgressState& state) {
  const double rate = state.seconds > 0 ? static_cast<double>(state.seeds) / state.seconds : 0;
  return fmt::format("{:.0f} s: {} seeds, {} failures, {:.2f} seeds/s, {} running", state.seconds, state.seeds,
                     state.failures, rate, state.running);
}

ProgressLine::ProgressLine() : terminal_(isatty(STDOUT_FILENO) != 0), next_(Clock::now()) {
  if (!terminal_) next_ += kPlainPeriod;
}

void ProgressLine::Show(const ProgressState& state) {
  if (Clock::now() < next_) return;
  next_ = Clock::now() + (terminal_ ? std::chrono::milliseconds(kTerminalPeriod) : kPlainPeriod);
  if (terminal_) {
    fmt::print("\r\x1b[K{}", ProgressText(state));
    shown_ = true;
  } else {
    fmt::print("{}\n", ProgressText(state));
  }
  std::fflush(stdout);
}

void ProgressLine::Print(const std::string& text) {
  Clear();
  fmt::print("{}", text);
  std::fflush(stdout);
}

void ProgressLine::Clear() {
  if (!shown_) return;
  fmt::print("\r\x1b[K");
  std::fflush(stdout);
  shown_ = false;
}

}  // namespace orrery::faults
