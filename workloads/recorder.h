#pragma once

#include <span>
#include <vector>

#include "workloads/check/history.h"
#include "workloads/workload.h"

namespace orrery {

/// Writes what clients do into a history. A client whose operation ended unknown goes on under a new
/// process number, because the old process may never finish.
class Recorder {
 public:
  explicit Recorder(uint32_t clients);

  /// An operation on its way. If it is destroyed without an end (its fiber was killed), its outcome is unknown.
  class Pending {
   public:
    Pending(Recorder& recorder, WorkloadClient& client, std::span<const check::MicroOp> micros);
    ~Pending();
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    /// Acknowledged, with its answers.
    void Ok(std::span<const check::MicroOp> results);
    /// By status: kUnknownOutcome is unknown, every other error certainly had no effect. Requires: !status.ok().
    void Failed(const Status& status, WorkloadStats& stats);
    /// The answer shows that some of it cannot be believed: unknown.
    void Unknown();

   private:
    void End(check::Outcome outcome, std::span<const check::MicroOp> results);

    Recorder& recorder_;
    uint32_t client_;
    check::OpIndex op_;
    bool ended_ = false;
  };

  check::History& history() { return history_; }
  const check::History& history() const { return history_; }

 private:
  check::History history_;
  std::vector<uint32_t> process_of_client_;
  uint32_t next_process_;
};

}  // namespace orrery
