#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "faults/capsule/capsule.h"
#include "faults/recording.h"
#include "faults/replay_verdict.h"
#include "faults/run_command.h"
#include "faults/run_frame.h"
#include "faults/simulation.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

struct ReplayArguments {
  std::string path;
  uint64_t salt = 0;
  std::vector<std::string> calm;
  std::string capsule_path;
  RunOutputs outputs;

  bool own_choices() const { return salt == 0 && calm.empty(); }
};

ExitCode Complain(const Status& status, ExitCode code) {
  fmt::print(stderr, "orrery-sim: {}\n", status.ToString());
  return code;
}

/// The capsule's choices, with every stream salted and some calmed. kInvalidArgument for a stream that there is not.
Result<sim::ChoiceOptions> ChoicesOf(const Capsule& capsule, const ReplayArguments& arguments) {
  sim::ChoiceOptions choices = capsule.choices;
  if (arguments.salt != 0) choices.salts.fill(arguments.salt);
  std::string known;
  size_t found = 0;
  for (int i = 0; i < sim::kChoiceStreamCount; ++i) {
    const std::string_view name = sim::ChoiceStreamName(static_cast<sim::ChoiceStream>(i));
    known += (i == 0 ? "" : ", ") + std::string(name);
    const auto times = std::count(arguments.calm.begin(), arguments.calm.end(), name);
    if (times == 0) continue;
    choices.calm[static_cast<size_t>(i)] = true;
    found += static_cast<size_t>(times);
  }
  if (found == arguments.calm.size()) return choices;
  return Status(StatusCode::kInvalidArgument, "--calm: there is no such stream; there are " + known);
}

ExitCode Tell(const ReplayArguments& arguments, const Capsule& capsule, const Recording& recording,
              const SimulationReport& report) {
  const ReplayVerdict verdict = JudgeReplay(capsule, report, arguments.own_choices(), ThisBuild());
  fmt::print("{}", arguments.outputs.json ? ReplayJson(capsule, report, verdict) + "\n" : ReplayText(report, verdict));
  std::fflush(stdout);
  if (arguments.capsule_path.empty()) return verdict.ExitCode(report);
  Capsule again = recording.Finish(report);
  again.story = capsule.story;
  const Status written = WriteCapsule(again, arguments.capsule_path);
  return written.ok() ? verdict.ExitCode(report) : Complain(written, ExitCode::kHarness);
}

ExitCode Replay(const ReplayArguments& arguments) {
  const Result<Capsule> capsule = ReadCapsule(arguments.path);
  if (!capsule.ok()) return Complain(capsule.status(), ExitCode::kUsage);
  SimulationOptions options;
  Result<sim::ChoiceOptions> choices = ChoicesOf(*capsule, arguments);
  if (!choices.ok()) return Complain(choices.status(), ExitCode::kUsage);
  options.choices = *std::move(choices);
  options.repro = "repro: orrery-sim replay " + arguments.path;
  if (arguments.salt != 0) options.repro += fmt::format(" --salt {}", arguments.salt);
  for (size_t i = 0; i < arguments.calm.size(); ++i) options.repro += (i == 0 ? " --calm " : ",") + arguments.calm[i];
  Recording recording;
  if (!arguments.capsule_path.empty()) options.recording = &recording;
  RunFrame frame;
  if (const Status open = frame.Open(arguments.outputs, options); !open.ok()) {
    return Complain(open, open.code() == StatusCode::kIoError ? ExitCode::kHarness : ExitCode::kUsage);
  }
  frame.OnCrash(capsule->scenario, options.choices.seed, [&](const SimulationReport& last) {
    SimulationReport report = last;
    report.repro = options.repro;
    return Tell(arguments, *capsule, recording, report);
  });
  const SimulationReport report = ReplayCapsule(*capsule, options);
  const ExitCode code = Tell(arguments, *capsule, recording, report);
  const Status closed = frame.Close();
  return closed.ok() ? code : Complain(closed, ExitCode::kHarness);
}

}  // namespace

void AddReplay(CLI::App& app, std::function<ExitCode()>& action) {
  const auto arguments = std::make_shared<ReplayArguments>();
  CLI::App* replay = app.add_subcommand(
      "replay",
      "Run a capsule again: ends with the code of the failure it promises, 16 if it does not come, 14 or 15 if the "
      "run shows nothing");
  replay->add_option("capsule", arguments->path, "The file")->required();
  replay
      ->add_option("--salt", arguments->salt, "Other choices that are no fault and no operation; 0: the capsule's own")
      ->check(CLI::NonNegativeNumber);
  replay->add_option("--calm", arguments->calm, "Streams of choices without chance: schedule, network ...")
      ->delimiter(',');
  replay->add_option("--capsule", arguments->capsule_path,
                     "Write what happened as a capsule to this file: without stale entries, with this run's outcome");
  AddOutputs(*replay, arguments->outputs);
  replay->callback([arguments, &action] { action = [arguments] { return Replay(*arguments); }; });
}

}  // namespace orrery::faults
