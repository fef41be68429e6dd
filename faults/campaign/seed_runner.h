#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faults/campaign/seed_result.h"
#include "faults/process/worker_pool.h"

namespace orrery::faults {

/// How seeds are run.
struct SeedRunnerOptions {
  std::string program;  ///< An orrery-sim.
  std::string scenario_folder;
  bool double_run = false;
  WorkerLimits limits;
};

/// Runs seeds as child processes: each once, or twice if double runs are wanted or the first failed, the second at once
/// after the first.
class SeedRunner {
 public:
  struct Finished {
    SeedResult result;
    std::string report;  ///< What the run printed: ToResultLine().
    bool canary = false;
  };

  explicit SeedRunner(SeedRunnerOptions options) : options_(std::move(options)) {}

  /// A canary is run once: it has to fail. kIoError if the process could not be started.
  Status Begin(const std::string& scenario, uint64_t seed, bool canary);
  size_t running() const { return tasks_.size(); }
  /// The next seed that is done, or nothing if none was done within `patience` or a signal came. kIoError if a second
  /// run could not be started.
  Result<std::optional<Finished>> WaitAny(std::chrono::milliseconds patience);
  /// Kills what runs: those seeds were never begun.
  void KillAll();

 private:
  struct Task {
    std::string scenario;
    uint64_t seed = 0;
    bool canary = false;
    std::optional<Finished> first;
  };

  Status Start(Task task);

  SeedRunnerOptions options_;
  WorkerPool pool_;
  std::map<WorkerPool::Ticket, Task> tasks_;
};

}  // namespace orrery::faults
