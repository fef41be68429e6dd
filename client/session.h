#pragma once

#include <set>

#include "runtime/base/assert.h"
#include "runtime/base/ids.h"
#include "runtime/base/session_window.h"

namespace orrery {

/// The client's half of at-most-once writes (Raft thesis, section 6.3): numbers for writes, and the lowest
/// number whose answer is still awaited, below which stores may forget. Never suspends.
class Session {
 public:
  Session() = default;
  /// A write `window` or more ahead of the lowest unanswered one has to wait. Requires: at most kSessionWindow, which
  /// is how many answers stores remember.
  explicit Session(SessionId id, size_t window = kSessionWindow) : id_(id), window_(window) {
    ORRERY_ASSERT(window > 0 && window <= kSessionWindow);
  }

  SessionId id() const { return id_; }
  bool open() const { return id_.valid(); }

  /// Whether a new number fits into the window.
  bool HasRoom() const { return last_ + 2 - lowest_unanswered() <= window_; }
  /// A new number, awaited until Finish(number). Requires: HasRoom().
  uint64_t Begin() {
    const uint64_t sequence = ++last_;
    awaited_.insert(sequence);
    return sequence;
  }
  /// The answer is known, or nobody will ask for it again.
  void Finish(uint64_t sequence) { awaited_.erase(sequence); }

  uint64_t lowest_unanswered() const { return awaited_.empty() ? last_ + 1 : *awaited_.begin(); }

 private:
  SessionId id_;
  uint64_t window_ = kSessionWindow;
  uint64_t last_ = 0;
  std::set<uint64_t> awaited_;
};

}  // namespace orrery
