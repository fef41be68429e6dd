#include "faults/mutants_command/mutants_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

namespace orrery::faults {
namespace {

using sim::ExitCode;

struct MutantsOptions {
  std::string script;
  std::string folder;
  std::string only;
  uint32_t jobs = 0;
  double cpu_seconds = 1200;
  uint32_t detections = 5;
};

std::vector<std::string> WordsOf(const MutantsOptions& options) {
  std::vector<std::string> words = {options.script, fmt::format("--cpu-seconds={}", options.cpu_seconds),
                                    fmt::format("--detections={}", options.detections)};
  if (!options.folder.empty()) words.push_back("--dir=" + std::filesystem::absolute(options.folder).string());
  if (!options.only.empty()) words.push_back("--only=" + options.only);
  if (options.jobs > 0) words.push_back(fmt::format("--jobs={}", options.jobs));
  return words;
}

/// Returns only if the script cannot be started.
ExitCode Become(const MutantsOptions& options) {
  std::vector<std::string> words = WordsOf(options);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(options.script.c_str(), arguments.data());
  fmt::print(stderr, "orrery-sim mutants: {}: {}; it works within a checkout of the sources\n", options.script,
             std::strerror(errno));
  return ExitCode::kUsage;
}

}  // namespace

void AddMutants(CLI::App& app, const std::string& scenario_folder, std::function<ExitCode()>& action) {
  const auto options = std::make_shared<MutantsOptions>();
  options->script = std::filesystem::path(scenario_folder).parent_path().parent_path() / "ci" / "mutants";
  CLI::App* command = app.add_subcommand("mutants", "How many runs it takes to find each planted bug");
  command->add_option("--dir", options->folder, "A folder of patches; faults/mutants if left out");
  command->add_option("--only", options->only, "Mutants whose names contain one of these words, comma-separated");
  command->add_option("--jobs", options->jobs, "Runs at once; one for each CPU if left out")->check(CLI::Range(1, 256));
  command->add_option("--cpu-seconds", options->cpu_seconds, "Budget for each mutant")->capture_default_str();
  command->add_option("--detections", options->detections, "Stop a mutant after so many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->callback([options, &action] { action = [options] { return Become(*options); }; });
}

}  // namespace orrery::faults
