#include "faults/run_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "faults/capsule/capsule.h"
#include "faults/recording.h"
#include "faults/run_frame.h"
#include "faults/scenario.h"
#include "faults/simulation.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

struct RunArguments {
  std::string scenario = "everything";
  std::string folder;
  std::string folder_option;  ///< FolderOption(), for the line that repeats the run.
  uint64_t seed = 1;
  std::string capsule_path;
  RunOutputs outputs;
};

ExitCode Complain(const Status& status, ExitCode code) {
  fmt::print(stderr, "orrery-sim: {}\n", status.ToString());
  return code;
}

/// Prints the report and writes the capsule, if one is asked for. A capsule that cannot be written is the harness's
/// failure, whatever the run was.
ExitCode Tell(const RunArguments& arguments, const Recording& recording, const SimulationReport& report) {
  fmt::print("{}", arguments.outputs.json ? report.ToJson() + "\n" : report.ToText());
  std::fflush(stdout);
  if (arguments.capsule_path.empty()) return report.exit_code;
  const Status written = WriteCapsule(recording.Finish(report), arguments.capsule_path);
  return written.ok() ? report.exit_code : Complain(written, ExitCode::kHarness);
}

ExitCode Run(const RunArguments& arguments) {
  const Result<Scenario> scenario = LoadScenario(arguments.scenario, arguments.folder);
  if (!scenario.ok()) return Complain(scenario.status(), ExitCode::kUsage);
  SimulationOptions options;
  options.choices.seed = arguments.seed;
  options.repro = ReproLine(arguments.scenario, arguments.seed) + arguments.folder_option;
  Recording recording;
  if (!arguments.capsule_path.empty()) options.recording = &recording;
  RunFrame frame;
  if (const Status open = frame.Open(arguments.outputs, options); !open.ok()) {
    return Complain(open, open.code() == StatusCode::kIoError ? ExitCode::kHarness : ExitCode::kUsage);
  }
  frame.OnCrash(arguments.scenario, arguments.seed, [&](const SimulationReport& last) {
    // The report of the crash stands on standard error already: text would only repeat it.
    if (arguments.outputs.json) return Tell(arguments, recording, last);
    if (arguments.capsule_path.empty()) return last.exit_code;
    const Status written = WriteCapsule(recording.Finish(last), arguments.capsule_path);
    return written.ok() ? last.exit_code : Complain(written, ExitCode::kHarness);
  });
  const SimulationReport report = RunSimulation(*scenario, options);
  const ExitCode code = Tell(arguments, recording, report);
  const Status closed = frame.Close();
  return closed.ok() ? code : Complain(closed, ExitCode::kHarness);
}

}  // namespace

void AddRun(CLI::App& app, const std::string& scenario_folder, std::function<ExitCode()>& action) {
  const auto arguments = std::make_shared<RunArguments>();
  arguments->folder = scenario_folder;
  CLI::App* run = app.add_subcommand("run", "Run one seed of a scenario");
  run->add_option("--scenario", arguments->scenario, "Name or file")->capture_default_str();
  run->add_option("--seed", arguments->seed)->check(CLI::NonNegativeNumber)->capture_default_str();
  run->add_option("--capsule", arguments->capsule_path, "Write the run as a capsule to this file (docs/capsules.md)");
  AddOutputs(*run, arguments->outputs);
  run->add_option("--scenarios-dir", arguments->folder, "Where scenarios are looked for by name")
      ->capture_default_str();
  run->callback([arguments, scenario_folder, &action] {
    arguments->folder_option = FolderOption(arguments->scenario, arguments->folder, scenario_folder);
    action = [arguments] { return Run(*arguments); };
  });
}

}  // namespace orrery::faults
