#pragma once

#include <csignal>

namespace orrery::faults {

/// While it lives, SIGINT, SIGTERM and SIGHUP do not end the process: they are noted, and interrupt what blocks. One at
/// a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  bool interrupted() const;

 private:
  struct sigaction old_interrupt_ {};
  struct sigaction old_terminate_ {};
  struct sigaction old_hang_up_ {};
};

/// Whether the watch that lives now has noted one; for who does not hold it.
bool Interrupted();

}  // namespace orrery::faults
