#pragma once

#include <string>

#include "workloads/recorder.h"
#include "workloads/workload.h"

namespace orrery {

/// A workload that records all it does and sees: what its law says about a run is what the checkers
/// (workloads/check/) say about the history, here as in `orrery-sim check`.
class RecordingWorkload : public Workload {
 public:
  explicit RecordingWorkload(const WorkloadOptions& options) : options_(options), recorder_(options.clients, stats_) {}

  std::string HistoryText() const final;

 protected:
  const WorkloadOptions& options() const { return options_; }
  Recorder& recorder() { return recorder_; }
  const check::History& history() const { return recorder_.history(); }
  /// Number `number` of this workload's keys of one kind: "prefix kind/000042".
  Bytes Key(std::string_view kind, uint64_t number) const;
  /// operation_timeout from now.
  Deadline OperationDeadline(const WorkloadClient& client) const;

 private:
  WorkloadOptions options_;
  Recorder recorder_;
};

}  // namespace orrery
