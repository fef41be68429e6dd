#include "faults/process/interrupt.h"

namespace orrery::faults {
namespace {

// lint: allow(global) a signal has no object to arrive at
volatile sig_atomic_t interrupts = 0;

void Note(int) {
  interrupts = 1;
}

}  // namespace

InterruptWatch::InterruptWatch() {
  interrupts = 0;
  struct sigaction note {};
  note.sa_handler = Note;
  sigemptyset(&note.sa_mask);
  sigaction(SIGINT, &note, &old_interrupt_);
  sigaction(SIGTERM, &note, &old_terminate_);
  sigaction(SIGHUP, nullptr, &old_hang_up_);
  if (old_hang_up_.sa_handler != SIG_IGN) sigaction(SIGHUP, &note, nullptr);  // Under nohup it goes on.
}

InterruptWatch::~InterruptWatch() {
  sigaction(SIGINT, &old_interrupt_, nullptr);
  sigaction(SIGTERM, &old_terminate_, nullptr);
  sigaction(SIGHUP, &old_hang_up_, nullptr);
}

bool InterruptWatch::interrupted() const {
  return Interrupted();
}

bool Interrupted() {
  return interrupts != 0;
}

}  // namespace orrery::faults
