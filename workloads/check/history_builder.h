#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "runtime/base/status.h"
#include "workloads/check/history.h"

namespace orrery::check {

/// Builds a history from the events of a file and refuses what cannot have happened. Every error begins with
/// "line N: ".
class HistoryBuilder {
 public:
  struct Event {
    uint32_t line = 0;
    uint32_t process = 0;
    std::optional<int64_t> time;
    std::span<const MicroOp> micros;
    bool has_micros = true;
    bool stale = false;  ///< Invocations only.
  };

  /// For values and lists of the micro-operations.
  History& history() { return history_; }
  Status Invoke(const Event& event);
  Status Complete(const Event& event, Outcome outcome);
  uint64_t events() const { return events_; }
  /// The history; operations without an ending stay open.
  History Take() { return std::move(history_); }

  static Status Bad(uint32_t line, const std::string& what) {
    return Status(StatusCode::kInvalidArgument, "line " + std::to_string(line) + ": " + what);
  }

 private:
  Status CheckTime(const Event& event);
  Status CheckAnswers(const Event& event, OpIndex op, Outcome outcome) const;

  History history_;
  std::unordered_map<uint32_t, OpIndex> running_;  // process -> its operation; never iterated
  std::optional<int64_t> last_time_;
  uint64_t events_ = 0;
};

}  // namespace orrery::check
