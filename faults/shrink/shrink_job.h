#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/capsule/capsule.h"
#include "faults/shrink/process_runner.h"
#include "faults/shrink/tried_log.h"
#include "sim/exit_codes.h"

namespace orrery::faults {

struct ShrinkOptions {
  std::string capsule;  ///< File to begin with; empty: `scenario` and `seed` are recorded.
  std::string scenario;
  std::string scenario_folder;
  uint64_t seed = 1;
  std::string out;      ///< The small capsule; empty: beside the capsule, or named after scenario and seed.
  std::string program;  ///< Runs candidates; empty: this one.
  std::string clean;    ///< If not empty: what fails must pass with this program.
  uint32_t jobs = 1;
  double minutes = 0;      ///< 0: until nothing can be left out any more.
  double cpu_minutes = 0;  ///< The same, of the CPU time of all runs.
};

/// Where the small capsule goes.
std::string ShrunkPath(const ShrinkOptions& options);

/// One shrink from a file or seed to a file and its story. Beside the result, in OUT.tried, it remembers what it tried.
/// Prints what it does; a line of progress when standard error is a terminal.
class ShrinkJob {
 public:
  explicit ShrinkJob(ShrinkOptions options);

  /// kOk: the result stands in the file (also when the time was over; then the words say so). kUsage: there is nothing
  /// to shrink. kNotReproduced: the start does not fail as it says, or fails with the clean program too. kUndecided: it
  /// was interrupted; the best so far stands in the file. kHarness: a file cannot be written or a program not be
  /// started.
  sim::ExitCode Run();

 private:
  Result<Capsule> Begin();
  /// The start under its own salts or the next ones; kNotFound if it does not fail as it says.
  Result<Capsule> Reproduce(Capsule start);
  Status Tighten(Capsule& start, const std::string& report);
  Status Shrink(Capsule start);
  Status Keep(const Capsule& best) const;
  Status Finish();
  void Progress(bool last);

  ShrinkOptions options_;
  std::string folder_;
  std::string program_name_;  ///< For people.
  WorkerLimits limits_;
  Capsule best_;
  size_t faults_before_ = 0;
  size_t operations_before_ = 0;
  uint64_t events_max_ = 0;
  uint64_t tried_ = 0;
  std::string_view pass_ = "start";  ///< What is being tried.
  double began_ = 0;
  double next_progress_ = 0;
  bool terminal_ = false;
  bool whole_ = false;  ///< Every descent came to its fixpoint.
};

/// Reads a capsule, has it run once with trace and histories by `program`, and tells its story. `folder` exists.
Result<std::string> StoryOf(const Capsule& capsule, const std::string& program, const std::string& folder,
                            const WorkerLimits& limits);

}  // namespace orrery::faults
