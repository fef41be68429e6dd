#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace orrery::cli {
namespace {

constexpr uint64_t kBarCells = 30;
constexpr Duration kRedrawEvery = milliseconds(100);

}  // namespace

Progress::Progress(std::string what, uint64_t total)
    : what_(std::move(what)), total_(total), on_terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\n");
}

void Progress::Update(uint64_t done, Instant now) {
  if (!on_terminal_) return;
  if (started_ == Instant::Min()) started_ = now;
  if (now < next_ && done != total_) return;
  next_ = now + kRedrawEvery;
  Draw(done, now);
}

void Progress::Draw(uint64_t done, Instant now) {
  drawn_ = true;
  const double elapsed = static_cast<double>((now - started_).count()) / 1e9;
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  if (total_ == 0) {
    fmt::print(stderr, "\r\x1b[K{} {} ({:.0f}/s)", what_, done, rate);
  } else {
    const uint64_t filled = kBarCells * done / total_;
    fmt::print(stderr, "\r\x1b[K{} [{}{}] {}/{} ({:.0f}/s)", what_, std::string(filled, '#'),
               std::string(kBarCells - filled, '.'), done, total_, rate);
  }
  std::fflush(stderr);
}

}  // namespace orrery::cli
