#include "faults/shrink/process_runner.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "faults/process/interrupt.h"
#include "faults/shrink/patience.h"

namespace orrery::faults {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

std::string SignatureIn(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  return json.is_object() ? json.value("signature", "") : std::string();
}

std::vector<std::string> ReplayCommand(const std::string& program, const std::string& path) {
  return {program, "replay", path, "--json"};
}

}  // namespace

ProcessRunner::ProcessRunner(ProcessRunnerOptions options)
    : options_(std::move(options)), slot_taken_(options_.jobs, false) {}

ProcessRunner::~ProcessRunner() {
  pool_.KillAll();
  std::error_code ignored;
  for (size_t slot = 0; slot < slot_taken_.size(); ++slot) std::filesystem::remove(FileOf(slot), ignored);
}

std::string ProcessRunner::FileOf(size_t slot) const {
  return options_.folder + "/candidate" + std::to_string(slot) + ".toml";
}

Result<WorkerPool::Ticket> ProcessRunner::Spawn(size_t slot, bool on_clean) {
  return pool_.Start(ReplayCommand(on_clean ? options_.clean : options_.program, FileOf(slot)), {}, options_.limits);
}

Status ProcessRunner::Start(uint64_t ticket, const std::string& capsule_text) {
  const auto free = std::find(slot_taken_.begin(), slot_taken_.end(), false);
  ORRERY_ASSERT(free != slot_taken_.end());
  const auto slot = static_cast<size_t>(free - slot_taken_.begin());
  std::ofstream file(FileOf(slot), std::ios::binary | std::ios::trunc);
  file << capsule_text;
  file.close();
  if (!file) return Status(StatusCode::kIoError, "cannot write " + FileOf(slot));
  ORRERY_ASSIGN_OR_RETURN(const WorkerPool::Ticket worker, Spawn(slot, false));
  slot_taken_[slot] = true;
  children_.emplace(ticket, Child{.worker = worker, .slot = slot});
  return Status::Ok();
}

void ProcessRunner::Cancel(uint64_t ticket) {
  pool_.Kill(children_.at(ticket).worker);
  Forget(ticket);
}

void ProcessRunner::Forget(uint64_t ticket) {
  const auto found = children_.find(ticket);
  ORRERY_ASSERT(found != children_.end());
  slot_taken_[found->second.slot] = false;
  children_.erase(found);
}

bool ProcessRunner::TimeIsOver() const {
  return (options_.deadline > 0 && MonotonicSeconds() > options_.deadline) ||
         (options_.cpu_seconds_max > 0 && ChildrenCpuSeconds() > options_.cpu_seconds_max);
}

Result<std::optional<CandidateRunner::Done>> ProcessRunner::WaitAny() {
  for (;;) {
    if (Interrupted() || TimeIsOver()) {
      pool_.KillAll();
      children_.clear();
      slot_taken_.assign(slot_taken_.size(), false);
      return std::optional<Done>();
    }
    const auto ended = pool_.WaitAny(kPatience);
    if (options_.while_waiting) options_.while_waiting();
    if (!ended) continue;
    const auto found = std::find_if(children_.begin(), children_.end(),
                                    [&](const auto& child) { return child.second.worker == ended->first; });
    ORRERY_ASSERT(found != children_.end());
    ORRERY_ASSIGN_OR_RETURN(const std::optional<bool> fails, Finish(found->second, ended->second));
    if (!fails) continue;
    const Done done{found->first, *fails};
    Forget(done.ticket);
    return std::optional(done);
  }
}

Result<std::optional<bool>> ProcessRunner::Finish(Child& child, const WorkerResult& ended) {
  if (ended.wall_limit) {
    ++given_up_;
    return std::optional(false);
  }
  if (ended.signal == SIGKILL && !child.again) {
    // Somebody else ended it, for want of memory perhaps: that says nothing about the candidate.
    child.again = true;
    ORRERY_ASSIGN_OR_RETURN(child.worker, Spawn(child.slot, child.on_clean));
    return std::optional<bool>();
  }
  if (ended.signal != 0) ++given_up_;
  const std::string signature = SignatureIn(ended.output);
  if (child.on_clean) return std::optional(signature == "ok");
  if (signature != options_.signature) return std::optional(false);
  if (options_.clean.empty()) return std::optional(true);
  child.on_clean = true;
  ORRERY_ASSIGN_OR_RETURN(child.worker, Spawn(child.slot, true));
  return std::optional<bool>();
}

Result<WorkerResult> RunToEnd(const std::vector<std::string>& command, const WorkerLimits& limits) {
  WorkerPool pool;
  ORRERY_RETURN_IF_ERROR(pool.Start(command, {}, limits).status());
  while (!Interrupted()) {
    if (auto ended = pool.WaitAny(kPatience)) return std::move(ended->second);
  }
  return WorkerResult{.signal = SIGKILL};
}

Result<ReplayResult> RunReplay(const std::string& program, const std::string& capsule_path,
                               const std::vector<std::string>& more, const WorkerLimits& limits) {
  std::vector<std::string> command = ReplayCommand(program, capsule_path);
  command.insert(command.end(), more.begin(), more.end());
  ORRERY_ASSIGN_OR_RETURN(const WorkerResult ended, RunToEnd(command, limits));
  std::string signature = SignatureIn(ended.output);
  return ReplayResult{.exit_code = ended.signal != 0 ? 128 + ended.signal : ended.exit_code,
                      .signature = signature,
                      .report = signature.empty() ? std::string() : ended.output};
}

}  // namespace orrery::faults
