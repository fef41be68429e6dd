#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/time.h"

namespace orrery::cli {

/// A line on standard error that is redrawn while long work goes on; silent when that is no terminal.
class Progress {
 public:
  /// `total` of zero: unknown.
  Progress(std::string what, uint64_t total);
  /// Ends the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws at most ten times a second. `now` is the caller's clock.
  void Update(uint64_t done, Instant now);

 private:
  void Draw(uint64_t done, Instant now);

  std::string what_;
  uint64_t total_;
  bool on_terminal_;
  bool drawn_ = false;
  Instant started_ = Instant::Min();
  Instant next_ = Instant::Min();
};

}  // namespace orrery::cli
