#include "faults/campaign/shrink_step.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "faults/capsule/capsule.h"
#include "faults/capsule/cause_hint.h"
#include "faults/capsule/files.h"
#include "sim/exit_codes.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;
using Clock = std::chrono::steady_clock;  // lint: allow(clock) the harness measures real time

constexpr size_t kPerGroup = 2;
constexpr std::chrono::milliseconds kPatience{250};
constexpr std::chrono::seconds kPatienceToEnd{5};
constexpr double kReplaySeconds = 300;

bool CanBeShrunk(const SeedResult& result) {
  const auto code = static_cast<ExitCode>(result.exit_code);
  return result.confirmed && result.finished() &&
         (code == ExitCode::kSafety || code == ExitCode::kLiveness || code == ExitCode::kNodeCrashed);
}

/// To its end, or until it is killed at the limit. When `stop` says so the child is asked to end, so that it ends its
/// own children; one that does not is killed.
Result<WorkerResult> RunChild(const std::vector<std::string>& command, double wall_seconds,
                              const std::function<bool()>& stop) {
  WorkerPool pool;
  ORRERY_RETURN_IF_ERROR(pool.Start(command, {}, {.wall_seconds = wall_seconds}).status());
  while (!stop()) {
    if (auto ended = pool.WaitAny(kPatience)) return std::move(ended->second);
  }
  pool.InterruptAll();
  pool.WaitAny(kPatienceToEnd);
  return Status(StatusCode::kCancelled, "interrupted");
}

/// One shrink as a child process; it may stop earlier by itself.
Result<WorkerResult> RunShrink(const ShrinkStepOptions& options, const SeedResult& result, const std::string& capsule,
                               double minutes, const std::function<bool()>& stop) {
  const std::vector<std::string> command = {options.program,   "shrink",
                                            "--scenario",      result.scenario,
                                            "--scenarios-dir", options.scenario_folder,
                                            "--seed",          std::to_string(result.seed),
                                            "--minutes",       fmt::format("{:.3f}", minutes),
                                            "--jobs",          std::to_string(options.jobs),
                                            "--out",           capsule};
  return RunChild(command, minutes * 60 * 1.5 + 60, stop);
}

/// What a replay of the small capsule, in a process of its own, hints at. "unknown" if it gives no report.
std::string HintOf(const ShrinkStepOptions& options, const std::string& capsule, const std::function<bool()>& stop) {
  const auto worker = RunChild({options.program, "replay", capsule, "--json"}, kReplaySeconds, stop);
  if (!worker.ok()) return "unknown";
  const auto report = nlohmann::json::parse(worker->output, nullptr, false);
  return report.is_object() ? report.value("cause_hint", "unknown") : "unknown";
}

std::string FileNameOf(const SeedResult& result) {
  // All of its path: two folders may hold scenarios of one name.
  std::string name = std::filesystem::path(result.scenario).replace_extension().string();
  std::replace(name.begin(), name.end(), '/', '_');
  return fmt::format("{}-{}.capsule", name, result.seed);
}

}  // namespace

std::vector<size_t> ChooseForShrinking(const std::vector<SeedResult>& results,
                                       const std::vector<FailureGroup>& groups) {
  std::vector<size_t> chosen;
  std::vector<std::vector<size_t>> candidates;
  for (const FailureGroup& group : groups) {
    candidates.emplace_back();
    for (const size_t index : group.seeds) {
      if (candidates.back().size() < kPerGroup && CanBeShrunk(results[index])) candidates.back().push_back(index);
    }
  }
  for (size_t rank = 0; rank < kPerGroup; ++rank) {
    for (const std::vector<size_t>& of_group : candidates) {
      if (rank < of_group.size()) chosen.push_back(of_group[rank]);
    }
  }
  return chosen;
}

std::vector<MinimalRun> ShrinkFailures(const ShrinkStepOptions& options, const std::vector<SeedResult>& results,
                                       const std::vector<size_t>& chosen,
                                       const std::function<void(const std::string&)>& say,
                                       const std::function<bool()>& stop) {
  std::vector<MinimalRun> runs;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.minutes * 60));
  for (size_t i = 0; i < chosen.size() && !stop(); ++i) {
    const double left = std::chrono::duration<double>(end - Clock::now()).count();
    if (left <= 1) {
      say(fmt::format("{} failures are not shrunk: no time is left\n", chosen.size() - i));
      break;
    }
    const SeedResult& result = results[chosen[i]];
    const std::string path = options.out + "/" + FileNameOf(result);
    const double minutes = left / 60 / static_cast<double>(chosen.size() - i);
    const auto worker = RunShrink(options, result, path, minutes, stop);
    const Result<Capsule> capsule = ReadCapsule(path);
    if (!capsule.ok()) {
      const std::string why = worker.ok() ? fmt::format("exit {} {}", worker->exit_code, worker->errors)
                                          : std::string(worker.status().ToString());
      say(fmt::format("{} seed {} was not shrunk: {}\n", result.scenario, result.seed, why));
      continue;
    }
    const Result<std::string> beside = ReadWholeFile(path + ".story.txt");
    MinimalRun run{.scenario = result.scenario,
                   .seed = result.seed,
                   .kinds = KindsIn(*capsule),
                   .hint = HintOf(options, path, stop),
                   .story = beside.ok() ? *beside : capsule->story,
                   .capsule = path};
    say(fmt::format("{} seed {} shrunk to {} faults and {} operations{}: {}\n", run.scenario, run.seed,
                    capsule->faults.size(), capsule->operation_count(), worker.ok() ? "" : " when it was interrupted",
                    path));
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace orrery::faults
