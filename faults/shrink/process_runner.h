#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "faults/shrink/candidate_judge.h"
#include "faults/shrink/candidate_process.h"

namespace orrery::faults {

/// How candidates are judged.
struct ProcessRunnerOptions {
  std::string program;    ///< Runs candidates.
  std::string clean;      ///< If not empty: a candidate counts only if this program passes it.
  std::string signature;  ///< What it must show.
  std::string folder;     ///< Exists; files of candidates are written there.
  size_t jobs = 1;
  CandidateLimits limits;
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
    CandidateProcess process;
    size_t slot;
    bool on_clean = false;
    bool again = false;  ///< It was killed from outside once.
  };

  std::string FileOf(size_t slot) const;
  Result<CandidateProcess> Spawn(size_t slot, bool on_clean) const;
  /// What the end of a child says; nullopt: it goes on by another program or once more.
  Result<std::optional<bool>> Finish(Child& child);
  void Poll() const;
  bool TimeIsOver() const;

  ProcessRunnerOptions options_;
  std::map<uint64_t, Child> children_;
  std::vector<bool> slot_taken_;
  uint64_t given_up_ = 0;
};

/// One capsule, run once by one program.
struct ReplayResult {
  int exit_code = 0;      ///< Of the process.
  std::string signature;  ///< Empty: it printed no report.
  std::string report;     ///< JSON on one line, as printed; empty likewise.
};
/// Blocks. `more` are further arguments of `replay`. kIoError if the program cannot be started.
Result<ReplayResult> RunReplay(const std::string& program, const std::string& capsule_path,
                               const std::vector<std::string>& more, const CandidateLimits& limits);

}  // namespace orrery::faults
