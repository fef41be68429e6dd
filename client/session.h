#pragma once

#include <set>

#include "runtime/base/ids.h"
#include "runtime/base/session_window.h"

namespace orrery {

/// The client's half of at-most-once writes (Raft thesis, section 6.3): numbers for writes, and the lowest
/// number whose answer is still awaited, below which stores may forget. Never suspends.
class Session {
 public:
  /// A write further ahead of the lowest unanswered one has to wait.
  static constexpr uint64_t kWindow = kSessionWindow;

  Session() = default;
  explicit Session(SessionId id) : id_(id) {}

  SessionId id() const { return id_; }
  bool open() const { return id_.valid(); }

  /// Whether a new number fits into the window.
  bool HasRoom() const { return last_ + 2 - lowest_unanswered() <= kWindow; }
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
  uint64_t last_ = 0;
  std::set<uint64_t> awaited_;
};

static_assert(Session::kWindow <= kSessionWindow, "stores remember no more answers than that");

}  // namespace orrery
