#include "faults/determinism.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "faults/child_process.h"
#include "faults/process/worker_pool.h"
#include "sim/event_log.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

/// The two allocators: sim/interpose/allocator.h.
constexpr const char* kFirstMemory = "ORRERY_SIM_ALLOCATOR=shuffle";
constexpr const char* kSecondMemory = "ORRERY_SIM_ALLOCATOR=never-reuse";

/// What matters of one run: everything but how long it took.
struct RunSummary {
  int exit_code = 0;
  std::string fingerprint;
  uint64_t events = 0;
  std::string outcome;
  bool operator==(const RunSummary&) const = default;
};

class DeterminismCheck {
 public:
  explicit DeterminismCheck(const DeterminismOptions& options) : options_(options), program_(OwnProgram()) {}

  ExitCode Run() {
    struct UnderWay {
      uint64_t seed;
      ChildProcess first;
      ChildProcess second;
    };
    std::deque<UnderWay> under_way;
    uint64_t next = options_.seed_first;
    while (next <= options_.seed_last || !under_way.empty()) {
      if (next <= options_.seed_last && under_way.size() < std::max(1u, options_.jobs / 2)) {
        Result<ChildProcess> first = Start(next, 1, "");
        Result<ChildProcess> second = Start(next, 2, "");
        if (!first.ok() || !second.ok()) return Harness(first.ok() ? second.status() : first.status());
        under_way.push_back({next++, *std::move(first), *std::move(second)});
        continue;
      }
      UnderWay& oldest = under_way.front();
      const std::optional<RunSummary> first = Summarise(oldest.first.Wait());
      const std::optional<RunSummary> second = Summarise(oldest.second.Wait());
      if (!first || !second) {
        return Harness(Status(StatusCode::kIoError, fmt::format("seed {}: a run printed no result", oldest.seed)));
      }
      if (*first != *second) Explain(oldest.seed, *first, *second);
      ++compared_;
      broken_laws_ += first->exit_code != 0 ? 1 : 0;
      under_way.pop_front();
    }
    fmt::print("{} seeds of {} run twice: {} differences, {} that broke a law\n", compared_, options_.scenario,
               differences_, broken_laws_);
    return differences_ == 0 ? ExitCode::kOk : ExitCode::kNondeterminism;
  }

 private:
  static ExitCode Harness(const Status& status) {
    fmt::print(stderr, "orrery-sim: {}\n", status.ToString());
    return ExitCode::kHarness;
  }

  Result<ChildProcess> Start(uint64_t seed, int which, const std::string& events_path) const {
    const bool other = which == 2 && !options_.other_program.empty();
    std::vector<std::string> arguments = {other ? options_.other_program : program_,
                                          "run",
                                          "--json",
                                          "--scenario",
                                          options_.scenario,
                                          "--scenarios-dir",
                                          options_.scenario_folder,
                                          "--seed",
                                          std::to_string(seed)};
    if (!events_path.empty()) {
      arguments.emplace_back("--events");
      arguments.push_back(events_path);
    }
    return ChildProcess::Start(arguments, {which == 1 ? kFirstMemory : kSecondMemory});
  }

  static std::optional<RunSummary> Summarise(const ChildResult& result) {
    const nlohmann::json json = nlohmann::json::parse(result.output, nullptr, false);
    if (json.is_discarded() || !json.is_object()) return std::nullopt;
    return RunSummary{.exit_code = result.exit_code,
                      .fingerprint = json.value("fingerprint", ""),
                      .events = json.value("events", uint64_t{0}),
                      .outcome = json.value("outcome", "")};
  }

  void Explain(uint64_t seed, const RunSummary& first, const RunSummary& second) {
    ++differences_;
    fmt::print("seed {} differs: {} after {} events ({}), {} after {} events ({})\n", seed, first.fingerprint,
               first.events, first.outcome, second.fingerprint, second.events, second.outcome);
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / fmt::format("orrery-determinism-{}", getpid());
    std::filesystem::create_directories(folder);
    std::optional<sim::EventLog> logs[2];
    for (const int which : {1, 2}) {
      const std::string path = (folder / fmt::format("{}-{}.events", seed, which)).string();
      Result<ChildProcess> child = Start(seed, which, path);
      if (child.ok()) child->Wait();
      Result<sim::EventLog> log = sim::EventLog::ReadFile(path);
      if (log.ok()) logs[which - 1] = *std::move(log);
    }
    if (logs[0] && logs[1]) {
      const auto difference = sim::FirstDifference(*logs[0], *logs[1]);
      fmt::print("{}\n", difference ? difference->text : "the repeated runs agree: the difference comes and goes");
    }
    fmt::print("repro: orrery-sim check-determinism --scenario {} --seeds {}..{}{}\n", options_.scenario, seed, seed,
               options_.folder_option);
    std::fflush(stdout);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  const DeterminismOptions& options_;
  std::string program_;
  uint64_t compared_ = 0;
  uint64_t differences_ = 0;
  uint64_t broken_laws_ = 0;
};

}  // namespace

ExitCode CheckDeterminism(const DeterminismOptions& options) {
  return DeterminismCheck(options).Run();
}

}  // namespace orrery::faults
