#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "faults/campaign/campaign_command.h"
#include "faults/determinism.h"
#include "faults/fault_kind.h"
#include "faults/mutants_command/mutants_command.h"
#include "faults/run_command.h"
#include "faults/run_frame.h"
#include "faults/scenario.h"
#include "faults/shrink/shrink_command.h"
#include "raft/core/explorer/explore_command.h"
#include "sim/exit_codes.h"
#include "sim/interpose/interpose.h"
#include "workloads/check/check_cli.h"
#include "workloads/check/check_command.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;
using Action = std::function<ExitCode()>;

ExitCode Usage(const Status& status) {
  fmt::print(stderr, "orrery-sim: {}\n", status.ToString());
  return ExitCode::kUsage;
}

ExitCode List(const std::string& folder) {
  const Result<std::vector<std::string>> names = ListScenarios(folder);
  if (!names.ok()) return Usage(names.status());
  fmt::print("scenarios:\n");
  for (const std::string& name : *names) {
    const Result<Scenario> scenario = LoadScenario(name, folder);
    fmt::print("  {:14} {}\n", name, scenario.ok() ? scenario->title : scenario.status().ToString());
  }
  fmt::print("workloads:\n");
  for (const WorkloadInfo& info : AllWorkloads()) fmt::print("  {:14} {}\n", info.name, info.law);
  fmt::print("faults:\n");
  for (const FaultInfo& info : AllFaults()) fmt::print("  {:18} {}\n", info.name, info.words);
  return ExitCode::kOk;
}

/// "A..B" or one number.
Result<std::pair<uint64_t, uint64_t>> ParseSeeds(const std::string& text) {
  const size_t dots = text.find("..");
  const std::string low = text.substr(0, dots);
  const std::string high = dots == std::string::npos ? low : text.substr(dots + 2);
  uint64_t first = 0;
  uint64_t last = 0;
  if (!CLI::detail::lexical_cast(low, first) || !CLI::detail::lexical_cast(high, last) || first > last) {
    return Status(StatusCode::kInvalidArgument, "--seeds: \"" + text + "\" is not a range A..B");
  }
  return std::pair(first, last);
}

/// The project's scenarios: those below the current folder, else those beside the sources this was built from.
std::string DefaultScenarioFolder() {
  const std::filesystem::path here = "workloads/scenarios";
  return std::filesystem::is_directory(here) ? here.string() : ORRERY_SCENARIO_FOLDER;
}

void AddScenarioFolder(CLI::App& command, std::string& folder) {
  folder = DefaultScenarioFolder();
  command.add_option("--scenarios-dir", folder, "Where scenarios are looked for by name")->capture_default_str();
}

void AddList(CLI::App& app, Action& action) {
  const auto folder = std::make_shared<std::string>();
  CLI::App* list = app.add_subcommand("list", "Scenarios, workloads and faults");
  AddScenarioFolder(*list, *folder);
  list->callback([folder, &action] { action = [folder] { return List(*folder); }; });
}

void AddDeterminism(CLI::App& app, Action& action) {
  const auto options = std::make_shared<DeterminismOptions>();
  const auto seeds = std::make_shared<std::string>("1..20");
  CLI::App* check = app.add_subcommand("check-determinism", "Run seeds twice, in two processes with different memory");
  check->add_option("--scenario", options->scenario)->capture_default_str();
  check->add_option("--seeds", *seeds, "A..B")->capture_default_str();
  check->add_option("--jobs", options->jobs, "Processes at once")->check(CLI::Range(1, 256))->capture_default_str();
  check->add_option("--other", options->other_program, "Make the second run by this program, another build");
  AddScenarioFolder(*check, options->scenario_folder);
  check->callback([options, seeds, &action] {
    action = [options, seeds] {
      const auto range = ParseSeeds(*seeds);
      if (!range.ok()) return Usage(range.status());
      std::tie(options->seed_first, options->seed_last) = *range;
      if (const auto known = LoadScenario(options->scenario, options->scenario_folder); !known.ok()) {
        return Usage(known.status());
      }
      options->folder_option = FolderOption(options->scenario, options->scenario_folder, DefaultScenarioFolder());
      return CheckDeterminism(*options);
    };
  });
}

void AddCheck(CLI::App& app, Action& action) {
  const auto options = std::make_shared<check::CheckCommandOptions>();
  CLI::App* command = app.add_subcommand("check", "Judge a history of operations");
  check::AddCheckOptions(*command, *options);
  command->callback([options, &action] {
    action = [options] { return static_cast<ExitCode>(check::RunCheckCommand(*options, std::cout, std::cerr)); };
  });
}

void AddExplore(CLI::App& app, Action& action) {
  CLI::App* explore = app.add_subcommand("explore", "Visit every state of a small Raft group (explore --help)");
  explore->prefix_command();  // Everything behind it is the explorer's own.
  explore->set_help_flag();
  explore->callback([explore, &action] {
    action = [explore] {
      std::vector<std::string> words = explore->remaining();
      words.insert(words.begin(), "explore");
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      return static_cast<ExitCode>(raft::RunExploreCommand(static_cast<int>(arguments.size()), arguments.data()));
    };
  });
}

/// Why the first word is no command, with those that there are; empty if it is one, or an option.
std::string UnknownCommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::string names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[1]) return "";
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  return fmt::format("no command \"{}\"; there are {}", argv[1], names);
}

}  // namespace
}  // namespace orrery::faults

int main(int argc, char** argv) {
  // Which memory this process shall have, decided before anything allocates much.
  const char* const placement_name = std::getenv("ORRERY_SIM_ALLOCATOR");
  const auto placement = orrery::sim::ParsePlacement(placement_name == nullptr ? "plain" : placement_name);
  if (!placement.ok()) return static_cast<int>(orrery::faults::Usage(placement.status()));
  orrery::sim::SetPlacement(*placement, static_cast<uint64_t>(getpid()));
  if (*placement != orrery::sim::Placement::kPlain) orrery::faults::SetStackFill(orrery::sim::FillOf(*placement));

  CLI::App app("Orrery's whole cluster in one seeded, single-threaded simulation");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 the laws held; 1 usage; 10 safety; 11 no progress; 12 a node crashed by itself; "
      "13 nondeterminism; 14 harness; 15 undecided; 16 not reproduced.");
  orrery::faults::Action action;
  orrery::faults::AddRun(app, orrery::faults::DefaultScenarioFolder(), action);
  orrery::faults::AddReplay(app, action);
  orrery::faults::AddList(app, action);
  orrery::faults::AddDeterminism(app, action);
  orrery::faults::AddCampaign(app, orrery::faults::DefaultScenarioFolder(), action);
  orrery::faults::AddVerifyFix(app, action);
  orrery::faults::AddMutants(app, orrery::faults::DefaultScenarioFolder(), action);
  orrery::faults::AddShrink(app, orrery::faults::DefaultScenarioFolder(), action);
  orrery::faults::AddCheck(app, action);
  orrery::faults::AddExplore(app, action);
  if (const std::string unknown = orrery::faults::UnknownCommand(app, argc, argv); !unknown.empty()) {
    fmt::print(stderr, "orrery-sim: {}\nRun with --help for more information.\n", unknown);
    return static_cast<int>(orrery::sim::ExitCode::kUsage);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(orrery::sim::ExitCode::kUsage);
  }
  return static_cast<int>(action());
}
