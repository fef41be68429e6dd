#include "faults/shrink/shrink_job.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "faults/capsule/files.h"
#include "faults/process/interrupt.h"
#include "faults/process/worker_pool.h"
#include "faults/shrink/capsule_edit.h"
#include "faults/shrink/capsule_shrinker.h"
#include "faults/shrink/patience.h"
#include "faults/shrink/story.h"
#include "runtime/base/random.h"

namespace orrery::faults {
namespace {

namespace fs = std::filesystem;
using sim::ExitCode;

constexpr double kProgressSeconds = 0.5;
/// For the start, of which nothing is known yet.
constexpr WorkerLimits kGenerous{.cpu_seconds = 1800, .wall_seconds = 3600};

std::string ReadWhole(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// What a program is: its bytes. Results of one build say nothing about another.
std::string ProgramHash(const std::string& program) {
  return program.empty() ? "-" : fmt::format("{:016x}", Hash64(ReadWhole(program)));
}

ExitCode CodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument: return ExitCode::kUsage;
    case StatusCode::kNotFound: return ExitCode::kNotReproduced;
    case StatusCode::kCancelled: return ExitCode::kUndecided;
    default: return ExitCode::kHarness;
  }
}

Status Missing(std::string what) {
  return Status(StatusCode::kNotFound, std::move(what));
}

}  // namespace

std::string ShrunkPath(const ShrinkOptions& options) {
  if (!options.out.empty()) return options.out;
  if (options.capsule.empty()) {
    return fmt::format("{}-{}.small.toml", fs::path(options.scenario).stem().string(), options.seed);
  }
  return (fs::path(options.capsule).parent_path() / fs::path(options.capsule).stem()).string() + ".small.toml";
}

ShrinkJob::ShrinkJob(ShrinkOptions options) : options_(std::move(options)) {
  options_.out = ShrunkPath(options_);
  program_name_ = options_.program.empty() ? "orrery-sim" : options_.program;
  if (options_.program.empty()) options_.program = OwnProgram();
  folder_ = options_.out + ".tried";
  terminal_ = isatty(STDERR_FILENO) != 0;
}

ExitCode ShrinkJob::Run() {
  began_ = MonotonicSeconds();
  const InterruptWatch watch;
  Status status;
  if (Result<Capsule> start = Begin(); start.ok()) {
    status = Shrink(*std::move(start));
  } else {
    status = start.status();
  }
  if (status.ok()) return ExitCode::kOk;
  fmt::print(stderr, "orrery-sim: shrink: {}\n", status.message());
  return CodeOf(status);
}

Result<Capsule> ShrinkJob::Begin() {
  std::string path = options_.capsule;
  if (!path.empty()) {
    // A file that cannot be read is wrong input, not a failure that does not come.
    const Result<Capsule> readable = ReadCapsule(path);
    if (!readable.ok()) return Status(StatusCode::kInvalidArgument, std::string(readable.status().message()));
  }
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return Status(StatusCode::kIoError, "cannot make the folder " + folder_ + ": " + error.message());
  if (path.empty()) {
    path = folder_ + "/recorded.toml";
    fs::remove(path, error);
    ORRERY_ASSIGN_OR_RETURN(
        const WorkerResult recording,
        RunToEnd({options_.program, "run", "--scenario", options_.scenario, "--scenarios-dir", options_.scenario_folder,
                  "--seed", std::to_string(options_.seed), "--capsule", path, "--json"},
                 kGenerous));
    if (Interrupted()) return Status(StatusCode::kCancelled, "interrupted before anything was tried");
    if (!fs::exists(path)) {
      return Status(StatusCode::kIoError,
                    fmt::format("{} seed {} was not recorded: {} ended with code {}", options_.scenario, options_.seed,
                                program_name_, recording.exit_code));
    }
  }
  ORRERY_ASSIGN_OR_RETURN(Capsule start, ReadCapsule(path));
  faults_before_ = start.faults.size();
  operations_before_ = start.operation_count();
  events_max_ = start.events_max;
  if (start.expected.exit_code == ExitCode::kOk) {
    return Status(StatusCode::kInvalidArgument, path + " passes: there is nothing to shrink");
  }
  return Reproduce(std::move(start));
}

Result<Capsule> ShrinkJob::Reproduce(Capsule start) {
  const std::string file = folder_ + "/start.toml";
  std::string last;
  for (uint64_t salt = 0; salt < kShrinkVariants; ++salt) {
    Capsule salted = salt == 0 ? start : WithSaltsMoved(start, salt);
    ORRERY_RETURN_IF_ERROR(WriteCapsule(salted, file));
    ORRERY_ASSIGN_OR_RETURN(const ReplayResult seen, RunReplay(options_.program, file, {}, kGenerous));
    if (Interrupted()) return Status(StatusCode::kCancelled, "interrupted before anything was tried");
    if (seen.signature.empty()) {
      return Status(StatusCode::kIoError,
                    fmt::format("{} ended with code {} and no report", program_name_, seen.exit_code));
    }
    last = seen.signature;
    if (seen.signature != start.expected.signature) continue;
    if (!options_.clean.empty()) {
      ORRERY_ASSIGN_OR_RETURN(const ReplayResult clean, RunReplay(options_.clean, file, {}, kGenerous));
      if (clean.signature != "ok") return Missing("the clean program fails too: " + clean.signature);
    }
    ORRERY_RETURN_IF_ERROR(Tighten(salted, seen.report));
    return salted;
  }
  return Missing(fmt::format("not reproduced under {} salts: expected {}, the last run showed {}", kShrinkVariants,
                             start.expected.signature, last));
}

/// Candidates may take a few times what the start took.
Status ShrinkJob::Tighten(Capsule& start, const std::string& report) {
  const nlohmann::json json = nlohmann::json::parse(report, nullptr, false);
  const double cpu = json.value("cpu_seconds", 1.0);
  const auto events = json.value("events", uint64_t{0});
  limits_ = {.cpu_seconds = 5 + 5 * cpu, .wall_seconds = 120 + 60 * cpu};
  // Counted in events, so that what is given up does not depend on the machine.
  if (events > 0 && events < start.events_max) start.events_max = std::min(start.events_max, 3 * events + 200'000);
  start.story.clear();
  start.expected.fingerprint.clear();
  return Status::Ok();
}

Status ShrinkJob::Shrink(Capsule start) {
  const std::string subject = fmt::format("orrery-shrink 1 {} {} {}", ProgramHash(options_.program),
                                          ProgramHash(options_.clean), start.expected.signature);
  ORRERY_ASSIGN_OR_RETURN(TriedLog log, TriedLog::Open(folder_ + "/tried.txt", subject));
  if (log.size() > 0) fmt::print("{} candidates are known from an earlier start\n", log.size());
  ORRERY_RETURN_IF_ERROR(Keep(start));
  best_ = start;
  CandidateJudge* judge_seen = nullptr;
  const CapsuleShrinker* shrinker_seen = nullptr;
  ProcessRunner runner({.program = options_.program,
                        .clean = options_.clean,
                        .signature = start.expected.signature,
                        .folder = folder_,
                        .jobs = options_.jobs,
                        .limits = limits_,
                        .deadline = options_.minutes > 0 ? began_ + options_.minutes * 60 : 0,
                        .cpu_seconds_max = options_.cpu_minutes * 60,
                        .while_waiting = [&] {
                          tried_ = judge_seen->tried();
                          pass_ = shrinker_seen->pass();
                          Progress(false);
                        }});
  CandidateJudge judge(runner, log);
  judge_seen = &judge;
  CapsuleShrinker shrinker(judge, std::move(start), [&](const Capsule& best) {
    best_ = best;
    return Keep(best);
  });
  shrinker_seen = &shrinker;
  ORRERY_RETURN_IF_ERROR(shrinker.Run());
  ORRERY_RETURN_IF_ERROR(judge.broken());
  whole_ = !judge.ended();
  tried_ = judge.tried();
  Progress(true);
  ORRERY_RETURN_IF_ERROR(Finish());
  if (Interrupted()) {
    return Status(StatusCode::kCancelled,
                  "interrupted; the best so far is in " + options_.out + ", start again to go on");
  }
  return Status::Ok();
}

Status ShrinkJob::Keep(const Capsule& best) const {
  Capsule kept = best;
  kept.events_max = events_max_;
  return WriteCapsule(kept, options_.out);
}

/// The story, the fingerprint, the summary.
Status ShrinkJob::Finish() {
  if (Interrupted()) return Status::Ok();
  Capsule kept = best_;
  kept.events_max = events_max_;
  ORRERY_RETURN_IF_ERROR(WriteCapsule(kept, options_.out));
  ORRERY_ASSIGN_OR_RETURN(const ReplayResult seen, RunReplay(options_.program, options_.out, {}, limits_));
  if (seen.signature != kept.expected.signature) {
    return Missing(fmt::format("{} does not fail again: {}", options_.out, seen.signature));
  }
  const nlohmann::json report = nlohmann::json::parse(seen.report, nullptr, false);
  kept.expected.fingerprint = report.value("fingerprint", "");
  ORRERY_ASSIGN_OR_RETURN(kept.story, StoryOf(kept, options_.program, folder_, limits_));
  ORRERY_RETURN_IF_ERROR(WriteCapsule(kept, options_.out));
  ORRERY_RETURN_IF_ERROR(WriteFileAtomically(options_.out + ".story.txt", kept.story));
  std::error_code ignored;
  fmt::print("{}\n{} faults (of {}), {} operations (of {}), {} bytes, {} runs in {:.0f} s, {:.0f} CPU s{}\n",
             kept.story, kept.faults.size(), faults_before_, kept.operation_count(), operations_before_,
             fs::file_size(options_.out, ignored), tried_, MonotonicSeconds() - began_, ChildrenCpuSeconds(),
             whole_ ? "" : "; the time is over: start again to go on");
  fmt::print("repro: {} replay {}\n", program_name_, options_.out);
  return Status::Ok();
}

void ShrinkJob::Progress(bool last) {
  const double now = MonotonicSeconds();
  if (!terminal_ || (!last && now < next_progress_)) return;
  next_progress_ = now + kProgressSeconds;
  fmt::print(stderr, "\r\033[K{} faults, {} operations, {} candidates, {:.0f} s; {}{}", best_.faults.size(),
             best_.operation_count(), tried_, now - began_, last ? "ended" : pass_, last ? "\n" : "");
}

Result<std::string> StoryOf(const Capsule& capsule, const std::string& program, const std::string& folder,
                            const WorkerLimits& limits) {
  const fs::path told = fs::path(folder) / "told";
  std::error_code error;
  fs::remove_all(told, error);
  fs::create_directories(told, error);
  if (error) return Status(StatusCode::kIoError, "cannot make the folder " + told.string() + ": " + error.message());
  const std::string file = (told / "capsule.toml").string();
  ORRERY_RETURN_IF_ERROR(WriteCapsule(capsule, file));
  ORRERY_ASSIGN_OR_RETURN(
      const ReplayResult run,
      RunReplay(program, file, {"--trace", (told / "trace.txt").string(), "--histories", told.string()}, limits));
  const nlohmann::json report = nlohmann::json::parse(run.report, nullptr, false);
  StorySources sources{.trace = ReadWhole(told / "trace.txt"),
                       .histories = {},
                       .signature = run.signature,
                       .words = report.is_object() ? report.value("words", "") : ""};
  for (const fs::directory_entry& entry : fs::directory_iterator(told, error)) {
    if (entry.path().extension() == ".jsonl") sources.histories[entry.path().stem().string()] = ReadWhole(entry.path());
  }
  fs::remove_all(told, error);
  return TellStory(capsule, sources);
}

}  // namespace orrery::faults
