#include "faults/campaign/campaign_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "faults/amount_check.h"
#include "faults/campaign/campaign.h"
#include "faults/campaign/verify_fix.h"
#include "faults/process/worker_pool.h"
#include "faults/scenario.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

/// What stands on the command line, before it is understood.
struct CampaignArguments {
  CampaignOptions options;
  std::string scenarios;
  uint64_t memory_mib = 4096;
};

/// Left out of mixes that nobody names: it has no faults and no load.
constexpr std::string_view kIdle = "quiet";

/// Fills shares and canaries.
Status ChooseScenarios(CampaignArguments& arguments) {
  CampaignOptions& options = arguments.options;
  ORRERY_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListScenarios(options.scenario_folder));
  for (const std::string& name : names) {
    ORRERY_ASSIGN_OR_RETURN(const Scenario scenario, LoadScenario(name, options.scenario_folder));
    if (scenario.lying_fsync) {
      options.canaries.push_back(name);
    } else if (arguments.scenarios.empty() && name != kIdle) {
      options.shares.push_back({.scenario = name});
    }
  }
  if (arguments.scenarios.empty()) return Status::Ok();
  ORRERY_ASSIGN_OR_RETURN(options.shares, ParseShares(arguments.scenarios));
  for (const ScenarioShare& share : options.shares) {
    ORRERY_ASSIGN_OR_RETURN(const Scenario scenario, LoadScenario(share.scenario, options.scenario_folder));
    if (!scenario.lying_fsync) continue;
    return Status(StatusCode::kInvalidArgument,
                  share.scenario + " is a canary: it must fail, and is run by itself (--canary-seeds)");
  }
  return Status::Ok();
}

Status Understand(CampaignArguments& arguments) {
  CampaignOptions& options = arguments.options;
  ORRERY_RETURN_IF_ERROR(ChooseScenarios(arguments));
  options.limits.memory_bytes = arguments.memory_mib << 20;
  if (options.seeds == 0 && options.minutes <= 0) {
    return Status(StatusCode::kInvalidArgument, "say --seeds or --minutes: a campaign has to end");
  }
  if (options.seeds > 0 && options.first_seed > UINT64_MAX - (options.seeds - 1)) {
    return Status(StatusCode::kInvalidArgument, "--first-seed and --seeds: seeds end at 18446744073709551615");
  }
  if (options.canaries.empty() && options.canary_seeds > 0) {
    return Status(StatusCode::kInvalidArgument,
                  options.scenario_folder +
                      " holds no canary, so that nothing would show whether failures are seen; "
                      "--canary-seeds 0 does without");
  }
  if (options.shrink_minutes > 0 && options.out.empty()) {
    return Status(StatusCode::kInvalidArgument, "--shrink-minutes needs --out, the folder for what is shrunk");
  }
  if (options.resume && options.out.empty()) {
    return Status(StatusCode::kInvalidArgument, "--resume needs --out, the folder to go on with");
  }
  return Status::Ok();
}

void AddOptions(CLI::App& command, CampaignArguments& arguments) {
  CampaignOptions& options = arguments.options;
  command.add_option("--scenarios", arguments.scenarios,
                     "NAME[:WEIGHT],...: shares of the CPU time; all but `quiet` if left out");
  command.add_option("--first-seed", options.first_seed)->check(CLI::NonNegativeNumber)->capture_default_str();
  command.add_option("--seeds", options.seeds, "Per scenario")->check(CLI::NonNegativeNumber);
  command.add_option("--minutes", options.minutes, "Begin no more after this")->check(Amount());
  command.add_option("--jobs", options.jobs, "Processes at once")->check(CLI::Range(1, 256))->capture_default_str();
  command.add_option("--out", options.out, "Folder for results.jsonl, report.html and junit.xml");
  command.add_flag("--resume", options.resume, "Go on with the campaign in that folder");
  command.add_flag("--double-run", options.double_run, "Every seed twice, with memory placed and filled differently");
  command
      .add_option("--shrink-minutes", options.shrink_minutes,
                  "Shrink the two cheapest seeds of each group; needs --out")
      ->check(Amount());
  command.add_option("--max-failures", options.failures_max, "Begin no more after so many that are not known")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--canary-seeds", options.canary_seeds, "Of each scenario that must fail")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command.add_option("--baseline", options.baselines, "Earlier campaigns to compare with, the oldest first")
      ->delimiter(',');
  command.add_option("--known-failures", options.known_path, "File of failures that do not make it red");
  command.add_option("--ledger", options.ledger_folder, "Folder of the ledger of all nights");
  command.add_option("--label", options.label, "Name of this night, besides the date; the commit if left out");
  command.add_option("--cpu-limit", options.limits.cpu_seconds, "CPU seconds of one run; 0: none")
      ->check(Amount())
      ->capture_default_str();
  command.add_option("--wall-limit", options.limits.wall_seconds, "Seconds of one run; 0: none")
      ->check(Amount())
      ->capture_default_str();
  command.add_option("--memory-mib", arguments.memory_mib, "Resident memory of one run; 0: no limit")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  command.add_option("--scenarios-dir", options.scenario_folder, "Where scenarios are looked for by name")
      ->capture_default_str();
}

}  // namespace

void AddCampaign(CLI::App& app, const std::string& scenario_folder, std::function<ExitCode()>& action) {
  const auto arguments = std::make_shared<CampaignArguments>();
  arguments->options.scenario_folder = scenario_folder;
  CLI::App* campaign = app.add_subcommand("campaign", "Run many seeds in parallel processes: docs/campaigns.md");
  AddOptions(*campaign, *arguments);
  campaign->callback([arguments, scenario_folder, &action] {
    arguments->options.folder_option = FolderOption("", arguments->options.scenario_folder, scenario_folder);
    action = [arguments] {
      if (const Status understood = Understand(*arguments); !understood.ok()) {
        fmt::print(stderr, "orrery-sim: {}\n", understood.ToString());
        return ExitCode::kUsage;
      }
      return RunCampaign(arguments->options);
    };
  });
}

void AddVerifyFix(CLI::App& app, std::function<ExitCode()>& action) {
  const auto options = std::make_shared<VerifyFixOptions>();
  CLI::App* command = app.add_subcommand("verify-fix", "Rates of a capsule's failure before and after a fix");
  command->add_option("capsule", options->capsule)->required();
  command->add_option("--before", options->before, "An orrery-sim without the fix")->required();
  command->add_option("--after", options->after, "One with it; this one if left out");
  command->add_option("--salts", options->salts, "Runs of each")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "Processes at once")->check(CLI::Range(1, 256))->capture_default_str();
  command->add_option("--cpu-limit", options->cpu_limit, "CPU seconds of one run; 0: none")
      ->check(Amount())
      ->capture_default_str();
  command->callback([options, &action] {
    action = [options] {
      if (options->after.empty()) options->after = OwnProgram();
      return VerifyFix(*options);
    };
  });
}

}  // namespace orrery::faults
