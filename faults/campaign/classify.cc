#include "faults/campaign/classify.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>

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
  const int by_hand[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT};
  if (std::find(std::begin(by_hand), std::end(by_hand), worker.signal) != std::end(by_hand)) {
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

/// It was not seen to its end: cut off, or a node of it crashed.
bool HasNoEnd(const SeedResult& result) {
  return !result.finished() || result.fingerprint.empty();
}

/// By a limit or a kill.
bool IsCutOff(const SeedResult& result) {
  return result.exit_code == static_cast<int>(ExitCode::kUndecided) && !result.finished();
}

void CallNondeterministic(SeedResult& first, const SeedResult& second) {
  first.double_run = DoubleRun::kDiffers;
  first.words =
      fmt::format("two runs differ: {} after {} events ({}), {} after {} events ({})\n{}", first.fingerprint,
                  first.events, first.outcome, second.fingerprint, second.events, second.outcome, first.words);
  first.exit_code = static_cast<int>(ExitCode::kNondeterminism);
  first.outcome = "nondeterminism";
  first.signature = "nondeterminism";
}

void CallNotReproduced(SeedResult& failed, const SeedResult& other) {
  const std::string again = other.ok() ? "the other run passed" : "the other run: " + other.outcome;
  failed.words = fmt::format("{}; not reproduced: {}\n{}", failed.outcome, again, failed.words);
  failed.exit_code = static_cast<int>(ExitCode::kNotReproduced);
  failed.outcome = "not-reproduced";
  failed.signature = "not_reproduced/" + failed.signature;
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

Standing Confirm(SeedResult& first, const SeedResult& second, bool is_double_run) {
  const double spent = first.spent_seconds + second.spent_seconds;
  first.spent_seconds = spent;
  const bool no_end = HasNoEnd(first) || HasNoEnd(second);
  const bool same_failure = no_end && !first.ok() && first.signature == second.signature;
  if (SameRun(first, second) || same_failure || (IsCutOff(first) && IsCutOff(second))) {
    first.confirmed = !first.ok();
    if (is_double_run && first.finished()) first.double_run = DoubleRun::kEqual;
    return Standing::kFirst;
  }
  if (!no_end) {
    CallNondeterministic(first, second);
    return Standing::kFirst;
  }
  // A failure stands when the other run did not live to see it; and a broken law, which was seen to the run's end, also
  // when the other crashed.
  const auto stands = [](const SeedResult& failed, const SeedResult& other) {
    if (!failed.finished() || failed.ok() || other.ok()) return false;
    return !other.finished() || !failed.fingerprint.empty();
  };
  if (stands(first, second)) {
    first.words += "\nnot confirmed: the second run ended with " + second.outcome;
    return Standing::kFirst;
  }
  // Or what the first run passed and the second fell over.
  const bool take_second = first.ok() || stands(second, first);
  if (!take_second) {
    CallNotReproduced(first, second);
    return Standing::kFirst;
  }
  const SeedResult other = std::exchange(first, second);
  first.spent_seconds = spent;
  if (other.ok() && second.finished()) CallNotReproduced(first, other);
  return Standing::kSecond;
}

}  // namespace orrery::faults
