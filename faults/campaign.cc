#include "faults/campaign.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "faults/child_process.h"
#include "faults/fault_kind.h"
#include "faults/simulation.h"
#include "sim/sim_probes.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;
using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time

constexpr std::chrono::seconds kProgressEvery{10};

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options), program_(OwnProgram()), started_(Clock::now()), next_progress_(started_ + kProgressEvery) {
    if (!options.results_path.empty()) results_.open(options.results_path, std::ios::app);
  }

  ExitCode Run() {
    if (!options_.results_path.empty() && !results_) {
      fmt::print(stderr, "orrery-sim: cannot write {}\n", options_.results_path);
      return ExitCode::kHarness;
    }
    uint64_t begun = 0;
    const uint64_t all = options_.seeds * options_.scenarios.size();
    while ((begun < all && !Enough()) || !under_way_.empty()) {
      if (begun < all && !Enough() && under_way_.size() < options_.jobs) {
        if (!Begin(begun++)) return ExitCode::kHarness;
      } else {
        FinishOldest();
      }
    }
    Summarise();
    return gravest_;
  }

 private:
  struct UnderWay {
    std::string scenario;
    uint64_t seed;
    ChildProcess child;
  };

  bool Enough() const {
    const bool time_over = options_.minutes > 0 && Elapsed() > options_.minutes * 60;
    return time_over || failures_ >= options_.failures_max;
  }

  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }

  bool Begin(uint64_t number) {
    const std::string& scenario = options_.scenarios[number % options_.scenarios.size()];
    const uint64_t seed = options_.seed_first + number / options_.scenarios.size();
    Result<ChildProcess> child =
        ChildProcess::Start({program_, "run", "--json", "--scenario", scenario, "--scenarios-dir",
                             options_.scenario_folder, "--seed", std::to_string(seed)},
                            {});
    if (!child.ok()) {
      fmt::print(stderr, "orrery-sim: {}\n", child.status().ToString());
      return false;
    }
    under_way_.push_back({scenario, seed, *std::move(child)});
    return true;
  }

  void FinishOldest() {
    UnderWay run = std::move(under_way_.front());
    under_way_.pop_front();
    const ChildResult result = run.child.Wait();
    const nlohmann::json json = nlohmann::json::parse(result.output, nullptr, false);
    if (json.is_object()) {
      ++finished_;
      Collect(json);
      if (results_.is_open()) results_ << result.output << std::flush;
    } else {
      ++unfinished_;
    }
    if (result.exit_code != 0) Fail(run, result, json);
    Progress();
  }

  void Collect(const nlohmann::json& json) {
    AddCounts(json, "probes", probes_);
    AddCounts(json, "plans", plans_);
    acknowledged_ += json.value("acknowledged", uint64_t{0});
    cpu_seconds_ += json.value("cpu_seconds", 0.0);
    virtual_seconds_ += json.value("virtual_seconds", 0.0);
  }

  static void AddCounts(const nlohmann::json& json, const char* key, std::map<std::string, uint64_t>& counts) {
    const auto found = json.find(key);
    if (found == json.end()) return;
    for (auto at = found->begin(); at != found->end(); ++at) counts[at.key()] += at->get<uint64_t>();
  }

  void Fail(const UnderWay& run, const ChildResult& result, const nlohmann::json& json) {
    ++failures_;
    const bool told = json.is_object();
    const std::string outcome = told ? json.value("outcome", "") : "the process ended without a report";
    ++by_outcome_[outcome];
    fmt::print("FAILED {} seed {}: exit {} {}\n{}\n{}\n", run.scenario, run.seed, result.exit_code, outcome,
               told ? json.value("words", "") : "", ReproLine(run.scenario, run.seed));
    std::fflush(stdout);
    // A broken law outranks a crash, and both outrank a lack of progress: the lower number is the graver.
    const auto code = static_cast<ExitCode>(
        result.exit_code < 10 || result.exit_code > 16 ? static_cast<int>(ExitCode::kHarness) : result.exit_code);
    if (gravest_ == ExitCode::kOk || code < gravest_) gravest_ = code;
  }

  void Progress() {
    if (Clock::now() < next_progress_) return;
    next_progress_ = Clock::now() + kProgressEvery;
    fmt::print("{:.0f} s: {} seeds, {} failures, {:.2f} seeds/s\n", Elapsed(), finished_, failures_,
               static_cast<double>(finished_) / Elapsed());
    std::fflush(stdout);
  }

  void Summarise() {
    fmt::print(
        "{} seeds finished ({} did not), {} failures, {:.1f} s, {:.2f} CPU s and {:.0f} virtual s a seed, "
        "{} operations acknowledged\n",
        finished_, unfinished_, failures_, Elapsed(),
        cpu_seconds_ / std::max<double>(1, static_cast<double>(finished_)),
        virtual_seconds_ / std::max<double>(1, static_cast<double>(finished_)), acknowledged_);
    for (const auto& [outcome, count] : by_outcome_) fmt::print("  {} x {}\n", count, outcome);
    PrintNever("probes never hit", sim::AllProbeNames(), probes_);
    std::vector<std::string_view> kinds;
    for (const FaultInfo& info : AllFaults()) kinds.push_back(info.name);
    PrintNever("faults never begun", kinds, plans_);
  }

  static void PrintNever(std::string_view title, const std::vector<std::string_view>& all,
                         const std::map<std::string, uint64_t>& seen) {
    std::string names;
    size_t count = 0;
    for (const std::string_view name : all) {
      if (seen.contains(std::string(name))) continue;
      names += " " + std::string(name);
      ++count;
    }
    fmt::print("{} ({} of {}):{}\n", title, count, all.size(), names);
  }

  const CampaignOptions& options_;
  std::string program_;
  std::ofstream results_;
  std::deque<UnderWay> under_way_;
  uint64_t finished_ = 0;
  uint64_t unfinished_ = 0;
  uint64_t failures_ = 0;
  uint64_t acknowledged_ = 0;
  double cpu_seconds_ = 0;
  double virtual_seconds_ = 0;
  std::map<std::string, uint64_t> by_outcome_;
  std::map<std::string, uint64_t> probes_;
  std::map<std::string, uint64_t> plans_;
  ExitCode gravest_ = ExitCode::kOk;
  Clock::time_point started_;
  Clock::time_point next_progress_;
};

}  // namespace

ExitCode RunCampaign(const CampaignOptions& options) {
  return Campaign(options).Run();
}

}  // namespace orrery::faults
