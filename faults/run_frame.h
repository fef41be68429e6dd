#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "faults/simulation.h"
#include "sim/exit_codes.h"

namespace CLI {
class App;
}

namespace orrery::sim {
class EventFile;
class Trace;
}  // namespace orrery::sim

namespace orrery::faults {

/// Where a run of this process writes what it does.
struct RunOutputs {
  bool json = false;
  std::string trace_path;
  bool debug = false;
  std::string events_path;
  std::string history_folder;
};

/// --json, --trace, --debug, --events and --histories.
void AddOutputs(CLI::App& command, RunOutputs& outputs);

/// What surrounds a run in a process of its own: its files, the proof that nothing reaches the operating system behind
/// the simulator's back, and the report of a crash. For main(); one per process.
class RunFrame {
 public:
  RunFrame();
  ~RunFrame();
  RunFrame(const RunFrame&) = delete;
  RunFrame& operator=(const RunFrame&) = delete;

  /// Opens the files, proves the simulator, fills in `options`. kInvalidArgument for a file, kIoError for a simulator
  /// that is not in force.
  Status Open(const RunOutputs& outputs, SimulationOptions& options);
  /// From now on a crash ends with `tell`, which gets what is known of the run and returns the code to end with.
  void OnCrash(const std::string& scenario, uint64_t seed, std::function<sim::ExitCode(const SimulationReport&)> tell);
  /// Ends the files. kIoError or kNoSpace if one of them is not whole.
  Status Close();

 private:
  Glance glance_;
  std::unique_ptr<sim::Trace> trace_;
  std::unique_ptr<sim::EventFile> events_;
};

/// How dead stack is filled before each event; set by main() before anything runs.
void SetStackFill(std::optional<unsigned char> fill);

}  // namespace orrery::faults
