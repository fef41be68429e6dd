#include "faults/shrink/shrink_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "faults/amount_check.h"
#include "faults/scenario.h"
#include "faults/shrink/shrink_job.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

ExitCode Usage(const std::string& words) {
  fmt::print(stderr, "orrery-sim: {}\n", words);
  return ExitCode::kUsage;
}

ExitCode Shrink(const ShrinkOptions& options) {
  if (options.capsule.empty() == options.scenario.empty()) {
    return Usage("shrink: say a capsule, or --scenario and --seed");
  }
  if (!options.scenario.empty()) {
    const Result<Scenario> known = LoadScenario(options.scenario, options.scenario_folder);
    if (!known.ok()) return Usage(known.status().ToString());
  }
  std::error_code none;
  if (!options.capsule.empty() && std::filesystem::equivalent(options.capsule, ShrunkPath(options), none)) {
    return Usage("shrink: --out is the capsule to begin with, which would be gone before a smaller one is found");
  }
  return ShrinkJob(options).Run();
}

}  // namespace

void AddShrink(CLI::App& app, const std::string& scenario_folder, std::function<sim::ExitCode()>& action) {
  const auto options = std::make_shared<ShrinkOptions>();
  options->scenario_folder = scenario_folder;
  CLI::App* shrink = app.add_subcommand("shrink", "Make a failing run small and tell its story");
  shrink->add_option("capsule", options->capsule, "A capsule that fails");
  shrink->add_option("--scenario", options->scenario, "Instead of a capsule: record this scenario");
  shrink->add_option("--seed", options->seed)->check(CLI::NonNegativeNumber)->capture_default_str();
  shrink->add_option("--scenarios-dir", options->scenario_folder, "Where scenarios are looked for by name")
      ->capture_default_str();
  shrink->add_option("--out", options->out, "The small capsule; its story beside it in FILE.story.txt");
  shrink->add_option("--jobs", options->jobs, "Processes at once")->check(CLI::Range(1, 256))->capture_default_str();
  shrink->add_option("--minutes", options->minutes, "Stop with the best so far after this; 0: no limit")
      ->check(Amount())
      ->capture_default_str();
  shrink->add_option("--cpu-minutes", options->cpu_minutes, "The same, of the CPU time of all runs together")
      ->check(Amount())
      ->capture_default_str();
  shrink->add_option("--program", options->program, "The orrery-sim that runs candidates: this one if left out")
      ->check(CLI::ExistingFile);
  shrink->add_option("--clean", options->clean, "An orrery-sim that must pass whatever fails: for planted bugs")
      ->check(CLI::ExistingFile);
  shrink->callback([options, &action] { action = [options] { return Shrink(*options); }; });
}

}  // namespace orrery::faults
