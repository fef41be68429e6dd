#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "faults/process/worker_pool.h"
#include "faults/shrink/candidate_judge.h"

namespace orrery::faults {

/// Most that a candidate may take if nothing else is said; beyond it, it does not count.
constexpr WorkerLimits kCandidateLimits{.cpu_seconds = 10, .wall_seconds = 120};

/// How candidates are judged.
struct ProcessRunnerOptions {
  std::string program;    ///< Runs candidates.
  std::string clean;      ///< If not empty: a candidate counts only if this program passes it.
  std::string signature;  ///< What it must show.
  std::string folder;     ///< Exists; files of candidates are written there.
  size_t jobs = 1;
  WorkerLimits limits = kCandidateLimits;
  double deadline = 0;                  ///< On MonotonicSeconds(); 0: none.
  double cpu_seconds_max = 0;           ///< Of all children together; 0: no limit.
  std::function<void()> while_waiting;  ///< Called some times a second; may be empty.
};

/// Judges capsules by `PROGRAM replay FILE --json` in child processes.
class ProcessRunner final : public CandidateRunner {
 public:
  explicit ProcessRunner(ProcessRunnerOptions options);
  ~ProcessRunner() override;

  size_t jobs() const override { return options_.jobs; }
  Status Start(uint64_t ticket, const std::string& capsule_text) override;
  Result<std::optional<Done>> WaitAny() override;
  void Cancel(uint64_t ticket) override;

  /// Candidates that were given up because they took too long, or were killed from outside.
  uint64_t given_up() const { return given_up_; }

 private:
  struct Child {
    WorkerPool::Ticket worker = 0;
    size_t slot = 0;
    bool on_clean = false;
    bool again = false;  ///< It was killed from outside once.
  };

  std::string FileOf(size_t slot) const;
  Result<WorkerPool::Ticket> Spawn(size_t slot, bool on_clean);
  /// What the end of a child says; nullopt: it goes on by another program or once more.
  Result<std::optional<bool>> Finish(Child& child, const WorkerResult& ended);
  void Forget(uint64_t ticket);
  bool TimeIsOver() const;

  ProcessRunnerOptions options_;
  WorkerPool pool_;
  std::map<uint64_t, Child> children_;
  std::vector<bool> slot_taken_;
  uint64_t given_up_ = 0;
};

/// Runs a program to its end, or until there is an interrupt: then it is killed. Blocks. kIoError if it cannot be
/// started.
Result<WorkerResult> RunToEnd(const std::vector<std::string>& command, const WorkerLimits& limits);

/// One capsule, run once by one program.
struct ReplayResult {
  int exit_code = 0;      ///< Of the process; 128 + n if signal n ended it.
  std::string signature;  ///< Empty: it printed no report.
  std::string report;     ///< JSON on one line, as printed; empty likewise.
};
/// Blocks. `more` are further arguments of `replay`. kIoError if the program cannot be started.
Result<ReplayResult> RunReplay(const std::string& program, const std::string& capsule_path,
                               const std::vector<std::string>& more, const WorkerLimits& limits);

}  // namespace orrery::faults
