#include "faults/campaign/verify_fix.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "faults/campaign/classify.h"
#include "faults/campaign/progress.h"
#include "faults/capsule/capsule.h"
#include "faults/process/interrupt.h"
#include "faults/shrink/capsule_edit.h"

namespace orrery::faults {
namespace {

using sim::ExitCode;

constexpr std::chrono::milliseconds kPatience{250};

/// A folder for one file per salt under way, removed with it.
class Drafts {
 public:
  Drafts() : path_(std::filesystem::temp_directory_path() / fmt::format("orrery-verify-fix-{}", getpid())) {
    std::error_code ignored;
    std::filesystem::create_directories(path_, ignored);
  }
  ~Drafts() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Drafts(const Drafts&) = delete;
  Drafts& operator=(const Drafts&) = delete;

  void Remove(uint64_t salt) const {
    std::error_code ignored;
    std::filesystem::remove(PathOf(salt), ignored);
  }
  std::string PathOf(uint64_t salt) const { return (path_ / fmt::format("{}.toml", salt)).string(); }

 private:
  std::filesystem::path path_;
};

class Verification {
 public:
  Verification(const VerifyFixOptions& options, Capsule capsule)
      : options_(options), capsule_(std::move(capsule)), limits_{.cpu_seconds = options.cpu_limit} {}

  Status Run() {
    // Each salt on both programs, side by side: what the machine does meanwhile meets both alike.
    for (uint64_t next = 0; (next < 2 * options_.salts || pool_.running() > 0) && !watch_.interrupted();) {
      if (next < 2 * options_.salts && pool_.running() < options_.jobs) {
        ORRERY_RETURN_IF_ERROR(Begin(next / 2, next % 2 == 1));
        ++next;
        continue;
      }
      if (auto ended = pool_.WaitAny(kPatience)) Take(ended->first, ended->second);
      progress_.Show({.seconds = 0,
                      .seeds = before_.runs + after_.runs,
                      .failures = after_.failures(),
                      .running = pool_.running()});
    }
    progress_.Clear();
    return watch_.interrupted() ? Status(StatusCode::kCancelled, "interrupted") : Status::Ok();
  }

  void Print() const {
    PrintTally("before", before_);
    PrintTally("after", after_);
  }

  ExitCode Verdict() const { return JudgeFix(before_, after_); }

 private:
  Status Begin(uint64_t salt, bool is_after) {
    const std::string path = drafts_.PathOf(salt);
    if (!is_after) ORRERY_RETURN_IF_ERROR(WriteCapsule(WithSaltsMoved(capsule_, salt), path));
    const std::string& program = is_after ? options_.after : options_.before;
    ORRERY_ASSIGN_OR_RETURN(const WorkerPool::Ticket ticket,
                            pool_.Start({program, "replay", path, "--json"}, {}, limits_));
    under_way_[ticket] = {.salt = salt, .is_after = is_after};
    return Status::Ok();
  }

  void Take(WorkerPool::Ticket ticket, const WorkerResult& worker) {
    const UnderWay run = under_way_.at(ticket);
    under_way_.erase(ticket);
    SaltTally& tally = run.is_after ? after_ : before_;
    if (++ended_[run.salt] == 2) {
      drafts_.Remove(run.salt);
      ended_.erase(run.salt);
    }
    // A replay that does not show what it promised ends with a code of its own: its report says what it showed.
    Result<SeedResult> report = ParseRunReport(LastLine(worker.output));
    const bool told = report.ok() && worker.signal == 0 && !report->signature.empty();
    SeedResult result = told ? *std::move(report) : Classify(capsule_.scenario, capsule_.choices.seed, worker, limits_);
    if (result.words.empty()) result.words = worker.errors;  // Where a crash speaks.
    if (!result.finished()) {
      if (tally.cut_off++ == 0) tally.cut_off_words = result.outcome + ": " + result.words;
      return;
    }
    ++tally.runs;
    if (result.signature == sim::ExitCodeName(ExitCode::kOk)) return;
    if (result.signature == capsule_.expected.signature) {
      ++tally.same;
    } else {
      ++tally.other[result.signature];
    }
    const auto code = static_cast<ExitCode>(result.exit_code);
    if (tally.gravest == ExitCode::kOk || code < tally.gravest) tally.gravest = code;
  }

  void PrintTally(std::string_view name, const SaltTally& tally) const {
    const Interval rate = RateInterval(tally.same, tally.runs);
    fmt::print("{:7} {} of {} runs show {} (95 %: {:.1f} % to {:.1f} %){}\n", name, tally.same, tally.runs,
               capsule_.expected.signature, rate.low * 100, rate.high * 100,
               tally.cut_off == 0 ? "" : fmt::format("; {} were cut off", tally.cut_off));
    for (const auto& [signature, count] : tally.other) fmt::print("        {} show {}\n", count, signature);
    if (tally.cut_off > 0) fmt::print("        the first of those cut off: {}\n", tally.cut_off_words);
  }

  const VerifyFixOptions& options_;
  Capsule capsule_;
  WorkerLimits limits_;
  Drafts drafts_;
  InterruptWatch watch_;
  ProgressLine progress_;
  WorkerPool pool_;
  struct UnderWay {
    uint64_t salt = 0;
    bool is_after = false;
  };
  std::map<WorkerPool::Ticket, UnderWay> under_way_;
  std::map<uint64_t, int> ended_;  ///< Runs of a salt, of two.
  SaltTally before_;
  SaltTally after_;
};

}  // namespace

uint64_t SaltTally::failures() const {
  uint64_t sum = same;
  for (const auto& [signature, count] : other) sum += count;
  return sum;
}

Interval RateInterval(uint64_t hits, uint64_t runs) {
  if (runs == 0) return {};
  constexpr double kZ = 1.959964;
  const auto n = static_cast<double>(runs);
  const double rate = static_cast<double>(hits) / n;
  const double scale = 1 + kZ * kZ / n;
  const double middle = (rate + kZ * kZ / (2 * n)) / scale;
  const double half = kZ * std::sqrt(rate * (1 - rate) / n + kZ * kZ / (4 * n * n)) / scale;
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

ExitCode JudgeFix(const SaltTally& before, const SaltTally& after) {
  if (after.failures() > 0) return after.gravest;
  if (before.same == 0) return before.runs == 0 ? ExitCode::kUndecided : ExitCode::kNotReproduced;
  return after.cut_off > 0 || after.runs == 0 ? ExitCode::kUndecided : ExitCode::kOk;
}

namespace {

Result<Capsule> ReadFailingCapsule(const std::string& path) {
  ORRERY_ASSIGN_OR_RETURN(Capsule capsule, ReadCapsule(path));
  if (capsule.expected.exit_code != ExitCode::kOk) return capsule;
  return Status(StatusCode::kInvalidArgument, path + ": expects no failure; there is nothing to fix");
}

}  // namespace

ExitCode VerifyFix(const VerifyFixOptions& options) {
  Result<Capsule> capsule = ReadFailingCapsule(options.capsule);
  if (!capsule.ok()) {
    fmt::print(stderr, "orrery-sim: {}\n", capsule.status().ToString());
    return ExitCode::kUsage;
  }
  Verification verification(options, *std::move(capsule));
  const Status status = verification.Run();
  verification.Print();
  if (!status.ok()) {
    fmt::print(stderr, "orrery-sim: {}\n", status.ToString());
    return status.code() == StatusCode::kCancelled ? ExitCode::kUndecided : ExitCode::kHarness;
  }
  const ExitCode verdict = verification.Verdict();
  fmt::print("verdict: {}\n", verdict == ExitCode::kOk ? "fixed" : sim::ExitCodeName(verdict));
  return verdict;
}

}  // namespace orrery::faults
