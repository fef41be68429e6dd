#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/bytes.h"
#include "workloads/check/history.h"
#include "workloads/workload.h"

namespace orrery {

/// Writes what clients do into a history, and counts it. A client whose operation ended unknown goes on under a
/// new process number, because the old process may never finish.
class Recorder {
 public:
  /// `stats` outlives the recorder.
  Recorder(uint32_t clients, WorkloadStats& stats);

  /// An operation on its way. If it is destroyed without an end (its fiber was killed), its outcome is unknown.
  class Pending {
   public:
    Pending(Recorder& recorder, const WorkloadClient& client, std::span<const check::MicroOp> micros);
    Pending(Recorder& recorder, const WorkloadClient& client, const check::MicroOp& micro)
        : Pending(recorder, client, std::span(&micro, 1)) {}
    ~Pending();
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    /// Acknowledged, with its answers.
    void Ok(std::span<const check::MicroOp> results);
    void Ok(const check::MicroOp& result) { Ok(std::span(&result, 1)); }
    /// By status: kUnknownOutcome is unknown, every other error certainly had no effect. Requires: !status.ok().
    void Failed(const Status& status);
    /// Acknowledged, with the answer that it was not done and never will be.
    void Refused();

   private:
    void End(check::Outcome outcome, std::span<const check::MicroOp> results);

    Recorder& recorder_;
    uint32_t client_;
    check::OpIndex op_;
    bool ended_ = false;
  };

  /// The number of a stored value (values.h), nil for none. A damaged value is a text, which nobody wrote: whatever
  /// judges the history finds it.
  check::Value Stored(const std::optional<Bytes>& bytes);
  check::Value Int(uint64_t number) { return history_.Int(static_cast<int64_t>(number)); }
  check::Value Text(std::string_view text) { return history_.Text(text); }

  check::History& history() { return history_; }
  const check::History& history() const { return history_; }

 private:
  check::History history_;
  WorkloadStats& stats_;
  std::vector<uint32_t> process_of_client_;
  uint32_t next_process_;
};

}  // namespace orrery
