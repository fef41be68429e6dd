#include "faults/campaign/campaign.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "faults/campaign/ledger_file.h"
#include "faults/campaign/progress.h"
#include "faults/campaign/results_folder.h"
#include "faults/campaign/seed_runner.h"
#include "faults/campaign/shrink_step.h"
#include "faults/campaign/summary.h"
#include "faults/capsule/capsule.h"
#include "faults/process/interrupt.h"
#include "faults/process/worker_pool.h"
#include "faults/scenario.h"
#include "runtime/base/random.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;
using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time

constexpr std::chrono::milliseconds kPatience{250};
constexpr const char* kLedgeredName = "ledgered";
constexpr const char* kLabelName = "label";

/// What a night of an earlier campaign showed.
Result<Night> ReadNight(const std::string& path) {
  std::error_code none;
  const std::string file = std::filesystem::is_directory(path, none) ? path + "/results.jsonl" : path;
  ORRERY_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(file));
  Night night{.label = path, .seeds = 0, .failures = {}};
  ORRERY_RETURN_IF_ERROR(
      ParseResults(text, file, [&](const SeedResult& result, uint64_t) { AddToNight(night, result); }).status());
  return night;
}

/// What the scenarios of a campaign are: their names and contents.
Result<std::string> ScenariosOf(const CampaignOptions& options) {
  std::string text;
  std::vector<std::string> scenarios = options.canaries;
  for (const ScenarioShare& share : options.shares) scenarios.push_back(share.scenario);
  for (const std::string& name : scenarios) {
    ORRERY_ASSIGN_OR_RETURN(const std::string scenario, ReadWholeFile(ScenarioPath(name, options.scenario_folder)));
    text += fmt::format("scenario {} {:016x}\n", name, Hash64(scenario));
  }
  return text;
}

/// A seed that was cut off, even if once only, may come to its end another time.
bool IsWorthAnotherRun(const SeedResult& result) {
  const bool cut_off = result.exit_code == static_cast<int>(ExitCode::kUndecided);
  return !result.finished() && (cut_off || result.signature.starts_with("not_reproduced/undecided/"));
}

/// A short name of the sources this program is made of.
std::string ThisCommit() {
  const BuildId build = ThisBuild();
  return build.commit.substr(0, 12) + (build.patch.empty() ? "" : "+changes");
}

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options),
        program_(OwnProgram()),
        schedule_(options.shares, options.first_seed, options.seeds),
        runner_({.program = program_,
                 .scenario_folder = options.scenario_folder,
                 .double_run = options.double_run,
                 .limits = options.limits}),
        started_(Clock::now()) {}

  ExitCode Run() {
    if (const Status status = Prepare(); !status.ok()) return Refuse(status);
    if (const Status status = RunAll(); !status.ok()) {
      runner_.KillAll();
      progress_.Print(
          fmt::format("orrery-sim: {}\n{} seeds are finished and kept\n", status.ToString(), summary_.results.size()));
      return ExitCode::kHarness;
    }
    summary_.wall_seconds = Elapsed();
    Shrink();
    return Report();
  }

 private:
  /// Bad input is the user's, a full or broken disk ours.
  static ExitCode Refuse(const Status& status) {
    fmt::print(stderr, "orrery-sim: {}\n", status.ToString());
    const bool disk = status.code() == StatusCode::kNoSpace || status.code() == StatusCode::kIoError;
    return disk ? ExitCode::kHarness : ExitCode::kUsage;
  }

  Status Prepare() {
    summary_.today = Today();
    summary_.jobs = options_.jobs;
    summary_.folder_option = options_.folder_option;
    summary_.label = DateText(summary_.today) + " " + (options_.label.empty() ? ThisCommit() : options_.label);
    for (const ScenarioShare& share : options_.shares) {
      summary_.mix += fmt::format("{}{}:{}", summary_.mix.empty() ? "" : ", ", share.scenario, share.weight);
    }
    ORRERY_ASSIGN_OR_RETURN(scenarios_, ScenariosOf(options_));
    if (!options_.out.empty()) {
      ORRERY_ASSIGN_OR_RETURN(ResultsFolder folder, ResultsFolder::Open(options_.out));
      folder_.emplace(std::move(folder));
      if (options_.resume) ORRERY_RETURN_IF_ERROR(KeepLabel());
    }
    if (!options_.known_path.empty()) {
      ORRERY_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(options_.known_path));
      ORRERY_ASSIGN_OR_RETURN(summary_.known, ParseKnownFailures(text, options_.known_path));
    }
    ORRERY_RETURN_IF_ERROR(ReadEarlierNights());
    return folder_ ? BeginResults() : Status::Ok();
  }

  Status BeginResults() {
    ORRERY_ASSIGN_OR_RETURN(const uint64_t ledgered_lines, LedgeredLines());
    uint64_t cut_off = 0;
    const auto take = [&](SeedResult result, uint64_t line) {
      if (IsWorthAnotherRun(result)) {
        ++cut_off;
        return;
      }
      schedule_.SkipDone(result.scenario, result.seed, result.spent_seconds);
      Keep(std::move(result), line > ledgered_lines);
    };
    ORRERY_ASSIGN_OR_RETURN(const std::string identity, Identity());
    ORRERY_RETURN_IF_ERROR(folder_->Begin(identity, options_.resume, take));
    if (folder_->lines() > 0) {
      progress_.Print(fmt::format("resumed {}: {} seeds are finished already{}\n", summary_.label,
                                  summary_.results.size(),
                                  cut_off == 0 ? "" : fmt::format(", {} were cut off and are run again", cut_off)));
    }
    return folder_->Write(kLabelName, summary_.label + "\n");
  }

  /// What makes results add up: the program, the scenarios, where the seeds begin, how they are run.
  Result<std::string> Identity() const {
    ORRERY_ASSIGN_OR_RETURN(const std::string binary, ReadWholeFile(program_));
    return fmt::format("program {:016x}\nfirst seed {}\ndouble run {}\n{}", Hash64(binary), options_.first_seed,
                       options_.double_run, scenarios_);
  }

  /// A campaign that is resumed, on another day or not, is the night it was begun as: it does not follow itself.
  Status KeepLabel() {
    Result<std::string> label = ReadWholeFile(folder_->PathOf(kLabelName));
    if (label.code() == StatusCode::kNotFound) return Status::Ok();
    if (!label.ok()) return label.status();
    while (label->ends_with('\n')) label->pop_back();
    if (!label->empty()) summary_.label = *std::move(label);
    return Status::Ok();
  }

  /// How many lines of the results an earlier part of this campaign has told the ledger already.
  Result<uint64_t> LedgeredLines() const {
    const std::string path = folder_->PathOf(kLedgeredName);
    const Result<std::string> text = ReadWholeFile(path);
    if (text.code() == StatusCode::kNotFound || !options_.resume) return uint64_t{0};
    if (!text.ok()) return text.status();
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
    if (error != std::errc()) return Status(StatusCode::kCorruption, path + ": is no number");
    return count;
  }

  Status ReadEarlierNights() {
    if (!options_.ledger_folder.empty()) {
      ORRERY_ASSIGN_OR_RETURN(LedgerFile file, LedgerFile::Open(options_.ledger_folder));
      ledger_file_.emplace(std::move(file));
      ORRERY_ASSIGN_OR_RETURN(ledger_, ledger_file_->Read());
      summary_.ledger_nights = ledger_.nights.size();
      summary_.earlier = ledger_.nights;
      std::erase_if(summary_.earlier, [this](const Night& night) { return night.label == summary_.label; });
    }
    if (!options_.baselines.empty()) summary_.earlier.clear();
    for (const std::string& path : options_.baselines) {
      ORRERY_ASSIGN_OR_RETURN(Night night, ReadNight(path));
      summary_.earlier.push_back(std::move(night));
    }
    return Status::Ok();
  }

  Status RunAll() {
    std::vector<Schedule::Next> canaries;
    for (uint64_t i = 0; i < options_.canary_seeds; ++i) {
      for (const std::string& canary : options_.canaries) canaries.push_back({canary, options_.first_seed + i});
    }
    size_t next_canary = 0;
    while (!watch_.interrupted()) {
      while (runner_.running() < options_.jobs) {
        const bool canary = next_canary < canaries.size();
        std::optional<Schedule::Next> next;
        if (canary) {
          next = canaries[next_canary++];
        } else if (!Enough()) {
          next = schedule_.Take();
        }
        if (!next) break;
        ORRERY_RETURN_IF_ERROR(runner_.Begin(next->scenario, next->seed, canary));
      }
      if (runner_.running() == 0) break;
      ORRERY_ASSIGN_OR_RETURN(std::optional<SeedRunner::Finished> finished, runner_.WaitAny(kPatience));
      if (finished) ORRERY_RETURN_IF_ERROR(Take(*std::move(finished)));
      progress_.Show({.seconds = Elapsed(),
                      .seeds = summary_.seeds_of_this_part,
                      .failures = failures_,
                      .running = runner_.running()});
    }
    runner_.KillAll();
    progress_.Clear();
    summary_.interrupted = watch_.interrupted();
    if (summary_.interrupted) summary_.stopped = "interrupted";
    return Status::Ok();
  }

  bool Enough() {
    if (failures_ >= options_.failures_max) {
      summary_.stopped = fmt::format("stopped after {} failures", failures_);
      return true;
    }
    return options_.minutes > 0 && Elapsed() > options_.minutes * 60;
  }

  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  Status Take(SeedRunner::Finished finished) {
    SeedResult& result = finished.result;
    if (finished.canary) {
      const bool caught = result.exit_code == static_cast<int>(ExitCode::kSafety) ||
                          result.exit_code == static_cast<int>(ExitCode::kNodeCrashed);
      AddSightings(summary_.sightings, result);
      AddSightings(for_ledger_, result);
      summary_.canaries.push_back({std::move(result), caught});
      return Status::Ok();
    }
    schedule_.Done(result.scenario, result.spent_seconds);
    if (folder_) ORRERY_RETURN_IF_ERROR(folder_->Append(ToResultLine(result, finished.report)));
    summary_.seeds_of_this_part += result.finished() ? 1 : 0;
    if (!result.ok()) Announce(result);
    Keep(std::move(result), true);
    return Status::Ok();
  }

  void Announce(const SeedResult& result) {
    const bool excused = ExcuseOf(summary_, result.signature) != nullptr;
    if (!excused) ++failures_;
    const bool first_time = !summary_.night.failures.contains(result.signature);
    progress_.Print(fmt::format("{}FAILED {} seed {}: exit {} {}{}\n{}repro: {}\n", excused ? "(known) " : "",
                                result.scenario, result.seed, result.exit_code, result.signature,
                                result.confirmed ? ", confirmed" : "", first_time ? result.words + "\n" : "",
                                CommandFor(summary_, result, "")));
  }

  /// What the summary needs of a result, and the ledger if it is new to it: its counts are summed up and dropped.
  void Keep(SeedResult result, bool for_ledger) {
    AddSightings(summary_.sightings, result);
    AddToNight(summary_.night, result);
    if (for_ledger && !IsWorthAnotherRun(result)) {
      AddSightings(for_ledger_, result);
      AddToNight(night_for_ledger_, result);
    }
    result.probes.clear();
    result.faults.clear();
    result.plans.clear();
    summary_.results.push_back(std::move(result));
  }

  /// What is shrunk, and where it is written, is by now in the results.
  void Shrink() {
    if (options_.shrink_minutes <= 0 || summary_.interrupted) return;
    const auto chosen = ChooseForShrinking(summary_.results, GroupFailures(summary_.results, {}));
    summary_.minimal_runs = ShrinkFailures(
        {.program = program_,
         .scenario_folder = options_.scenario_folder,
         .out = options_.out,
         .minutes = options_.shrink_minutes,
         .jobs = options_.jobs},
        summary_.results, chosen, [this](const std::string& line) { progress_.Print(line); },
        [this] { return watch_.interrupted(); });
  }

  ExitCode Report() {
    const Result<std::string> scenarios = ScenariosOf(options_);
    const bool changed = !scenarios.ok() || *scenarios != scenarios_;
    if (changed) summary_.blindness.emplace_back("scenarios changed while the campaign ran: its seeds do not add up");
    const std::set<std::string> existing = ExistingNames();
    summary_.silent = ledger_.Silent(summary_.sightings, existing);
    FinishSummary(summary_, existing);
    const Status written = WriteReports(existing, changed);
    if (!written.ok()) summary_.verdict = ExitCode::kHarness;
    fmt::print("{}", ToText(summary_));
    std::fflush(stdout);
    if (!written.ok()) fmt::print(stderr, "orrery-sim: {}\n", written.ToString());
    return summary_.verdict;
  }

  Status WriteReports(const std::set<std::string>& existing, bool changed) {
    if (folder_) {
      ORRERY_RETURN_IF_ERROR(folder_->Write("report.html", ToHtml(summary_)));
      ORRERY_RETURN_IF_ERROR(folder_->Write("junit.xml", ToJunit(summary_)));
    }
    // A night in which nothing came to its end, or whose seeds do not add up, tells no later one anything.
    if (!ledger_file_ || summary_.interrupted || changed || night_for_ledger_.seeds == 0) return Status::Ok();
    night_for_ledger_.label = summary_.label;
    ORRERY_RETURN_IF_ERROR(ledger_file_->Add(for_ledger_, night_for_ledger_, existing));
    return folder_ ? folder_->Write(kLedgeredName, std::to_string(folder_->lines()) + "\n") : Status::Ok();
  }

  const CampaignOptions& options_;
  std::string program_;
  std::string scenarios_;  ///< As they were when the campaign began.
  InterruptWatch watch_;
  Schedule schedule_;
  SeedRunner runner_;
  ProgressLine progress_;
  std::optional<ResultsFolder> folder_;
  std::optional<LedgerFile> ledger_file_;
  Ledger ledger_;  ///< As it was when the campaign began.
  SightingsByScenario for_ledger_;
  Night night_for_ledger_;
  CampaignSummary summary_;
  uint64_t failures_ = 0;
  Clock::time_point started_;
};

}  // namespace

ExitCode RunCampaign(const CampaignOptions& options) {
  return Campaign(options).Run();
}

}  // namespace orrery::faults
