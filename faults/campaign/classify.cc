#include "faults/campaign/classify.h"

#include <fmt/core.h>

#include <csignal>
#include <cstring>

#include "sim/exit_codes.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

constexpr size_t kTailBytes = 4000;

/// The end of a text, from a line's beginning.
std::string Tail(const std::string& text) {
  if (text.size() <= kTailBytes) return text;
  const size_t line = text.find('\n', text.size() - kTailBytes);
  return text.substr(line == std::string::npos ? text.size() - kTailBytes : line + 1);
}

bool RanOutOfMemory(const WorkerResult& worker) {
  const bool refused = worker.errors.find("std::bad_alloc") != std::string::npos;
  return worker.memory_limit || (refused && (worker.signal != 0 || worker.exit_code != 0));
}

struct Ending {
  ExitCode code;
  std::string outcome;
  std::string words;
};

/// How a worker ended that gave no usable report.
Ending EndingOf(const WorkerResult& worker, const WorkerLimits& limits) {
  if (worker.wall_limit) {
    return {ExitCode::kUndecided, "wall-limit", fmt::format("killed after {:.0f} s", worker.wall_seconds)};
  }
  const bool cpu_over = limits.cpu_seconds > 0 && worker.cpu_seconds >= limits.cpu_seconds;
  if (worker.signal == SIGXCPU || (worker.signal == SIGKILL && cpu_over)) {
    return {ExitCode::kUndecided, "cpu-limit", fmt::format("killed after {:.0f} CPU s", worker.cpu_seconds)};
  }
  if (RanOutOfMemory(worker)) {
    return {ExitCode::kUndecided, "out-of-memory", fmt::format("it held {} MiB", worker.memory_bytes >> 20)};
  }
  if (worker.signal == SIGKILL || worker.signal == SIGTERM || worker.signal == SIGINT) {
    return {ExitCode::kUndecided, "killed", fmt::format("somebody sent {}", strsignal(worker.signal))};
  }
  if (worker.signal != 0) {
    return {ExitCode::kHarness, "harness-crashed",
            fmt::format("{}\n{}", strsignal(worker.signal), Tail(worker.errors))};
  }
  return {ExitCode::kHarness, "no-report", fmt::format("exit code {}\n{}", worker.exit_code, Tail(worker.errors))};
}

/// For runs without a report, which says it better (faults/signature.h).
std::string SymptomOf(const SeedResult& result) {
  const std::string name(sim::ExitCodeName(static_cast<ExitCode>(result.exit_code)));
  return result.ok() ? name : name + "/" + result.outcome;
}

bool IsCutOff(const SeedResult& result) {
  return !result.finished() || result.fingerprint.empty();
}

}  // namespace

std::string_view LastLine(std::string_view output) {
  while (output.ends_with('\n')) output.remove_suffix(1);
  const size_t line = output.rfind('\n');
  return line == std::string_view::npos ? output : output.substr(line + 1);
}

SeedResult Classify(const std::string& scenario, uint64_t seed, const WorkerResult& worker,
                    const WorkerLimits& limits) {
  Result<SeedResult> reported = ParseRunReport(LastLine(worker.output));
  const bool out_of_memory = RanOutOfMemory(worker);
  const bool usable = reported.ok() && worker.signal == 0 && !out_of_memory && reported->seed == seed &&
                      reported->exit_code == worker.exit_code;
  SeedResult result;
  if (usable) {
    result = std::move(reported).value();
    result.scenario = scenario;  // A file's name says less than its path.
    // A crash speaks on standard error only.
    if (result.words.empty() && !result.ok()) result.words = Tail(worker.errors);
  } else {
    Ending ending = EndingOf(worker, limits);
    result = {.scenario = scenario,
              .seed = seed,
              .exit_code = static_cast<int>(ending.code),
              .outcome = std::move(ending.outcome),
              .words = std::move(ending.words)};
  }
  if (result.signature.empty()) result.signature = SymptomOf(result);
  result.spent_seconds = worker.cpu_seconds;
  result.memory_bytes = worker.memory_bytes;
  if (result.cpu_seconds == 0) result.cpu_seconds = worker.cpu_seconds;
  return result;
}

void Confirm(SeedResult& first, const SeedResult& second, bool is_double_run) {
  first.spent_seconds += second.spent_seconds;
  const bool cut_off = IsCutOff(first) || IsCutOff(second);
  const bool both_unfinished = !first.finished() && !second.finished();
  if (SameRun(first, second) || both_unfinished || (cut_off && first.signature == second.signature && !first.ok())) {
    first.confirmed = !first.ok();
    if (is_double_run && first.finished()) first.double_run = DoubleRun::kEqual;
    return;
  }
  if (!cut_off) {
    first.double_run = DoubleRun::kDiffers;
    first.words =
        fmt::format("two runs differ: {} after {} events ({}), {} after {} events ({})\n{}", first.fingerprint,
                    first.events, first.outcome, second.fingerprint, second.events, second.outcome, first.words);
    first.exit_code = static_cast<int>(ExitCode::kNondeterminism);
    first.outcome = "nondeterminism";
    first.signature = "nondeterminism";
    return;
  }
  if (first.ok()) {
    // The first run passed; the second was cut off or crashed: that is what to look at.
    const double spent = first.spent_seconds;
    first = second;
    first.spent_seconds = spent;
    first.confirmed = false;
    if (!second.finished()) return;
  }
  const std::string again = second.ok() ? "the replay passed" : "the replay: " + second.outcome;
  first.words = fmt::format("{}; not reproduced: {}\n{}", first.outcome, again, first.words);
  first.exit_code = static_cast<int>(ExitCode::kNotReproduced);
  first.outcome = "not-reproduced";
  first.signature = "not_reproduced/" + first.signature;
}

}  // namespace orrery::faults
