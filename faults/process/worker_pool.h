#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace orrery::faults {

/// What one child process may use. 0: no limit.
struct WorkerLimits {
  double cpu_seconds = 0;     ///< Then SIGXCPU, a little later SIGKILL.
  double wall_seconds = 0;    ///< Then the pool kills it.
  uint64_t memory_bytes = 0;  ///< Of resident memory; then the pool kills it. Looked at five times a second.
};

/// What became of a child process.
struct WorkerResult {
  int exit_code = 0;          ///< Of the process; meaningless if `signal` is set.
  int signal = 0;             ///< What ended it, or 0.
  bool wall_limit = false;    ///< The pool killed it for its wall time.
  bool memory_limit = false;  ///< The pool killed it for its memory.
  std::string output;         ///< Standard output, whole.
  std::string errors;         ///< Standard error, the first 64 KiB.
  double cpu_seconds = 0;     ///< User and system.
  double wall_seconds = 0;
  uint64_t memory_bytes = 0;  ///< Peak of resident memory.
};

/// Child processes that run at the same time; whichever ends first is handed out first. Each is in a process group of
/// its own: a ^C at the terminal reaches the harness, which decides. For the harness only, one thread.
class WorkerPool {
 public:
  using Ticket = uint64_t;

  WorkerPool() = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  /// Kills whoever still runs.
  ~WorkerPool();

  /// `environment`: "NAME=value", besides one's own. kIoError if it could not be started.
  Result<Ticket> Start(std::vector<std::string> arguments, std::vector<std::string> environment,
                       const WorkerLimits& limits);
  size_t running() const { return workers_.size(); }
  /// The next to end, or nothing if none ended within `patience` or a signal came.
  std::optional<std::pair<Ticket, WorkerResult>> WaitAny(std::chrono::milliseconds patience);
  /// Asks all to end (SIGTERM): they are handed out as they do.
  void InterruptAll();
  /// Kills it and forgets it. Requires: it has not been handed out.
  void Kill(Ticket ticket);
  /// Kills all and forgets them.
  void KillAll();

 private:
  using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time

  struct Worker {
    pid_t pid = -1;
    int output = -1;
    int errors = -1;
    WorkerLimits limits;
    Clock::time_point began;
    WorkerResult result;
  };

  void Read(Worker& worker);
  static void KillBeyondLimits(Worker& worker);
  static void Reap(Worker& worker);
  static void End(Worker& worker);
  static double Seconds(Clock::duration span) { return std::chrono::duration<double>(span).count(); }

  std::map<Ticket, Worker> workers_;
  Ticket next_ticket_ = 1;
};

/// A path to the very program that this process runs, for as long as the process lives: who replaces the file meanwhile
/// does not change what is run.
std::string OwnProgram();

}  // namespace orrery::faults
