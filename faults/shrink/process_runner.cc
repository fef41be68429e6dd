#include "faults/shrink/process_runner.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace orrery::faults {
namespace {

constexpr int kPollMilliseconds = 100;
constexpr int kKilled = 128 + SIGKILL;

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
  children_.clear();
  std::error_code ignored;
  for (size_t slot = 0; slot < slot_taken_.size(); ++slot) std::filesystem::remove(FileOf(slot), ignored);
}

std::string ProcessRunner::FileOf(size_t slot) const {
  return options_.folder + "/candidate" + std::to_string(slot) + ".toml";
}

Result<CandidateProcess> ProcessRunner::Spawn(size_t slot, bool on_clean) const {
  return CandidateProcess::Start(ReplayCommand(on_clean ? options_.clean : options_.program, FileOf(slot)),
                                 options_.limits);
}

Status ProcessRunner::Start(uint64_t ticket, const std::string& capsule_text) {
  const auto free = std::find(slot_taken_.begin(), slot_taken_.end(), false);
  ORRERY_ASSERT(free != slot_taken_.end());
  const auto slot = static_cast<size_t>(free - slot_taken_.begin());
  std::ofstream file(FileOf(slot), std::ios::binary | std::ios::trunc);
  file << capsule_text;
  file.close();
  if (!file) return Status(StatusCode::kIoError, "cannot write " + FileOf(slot));
  Result<CandidateProcess> process = Spawn(slot, false);
  ORRERY_RETURN_IF_ERROR(process.status());
  slot_taken_[slot] = true;
  children_.emplace(ticket, Child{*std::move(process), slot});
  return Status::Ok();
}

void ProcessRunner::Cancel(uint64_t ticket) {
  const auto found = children_.find(ticket);
  ORRERY_ASSERT(found != children_.end());
  slot_taken_[found->second.slot] = false;
  children_.erase(found);
}

void ProcessRunner::Poll() const {
  std::vector<pollfd> descriptors;
  for (const auto& [ticket, child] : children_) {
    descriptors.push_back({.fd = child.process.descriptor(), .events = POLLIN, .revents = 0});
  }
  poll(descriptors.data(), descriptors.size(), kPollMilliseconds);
}

bool ProcessRunner::TimeIsOver() const {
  return (options_.deadline > 0 && MonotonicSeconds() > options_.deadline) ||
         (options_.cpu_seconds_max > 0 && ChildrenCpuSeconds() > options_.cpu_seconds_max);
}

Result<std::optional<CandidateRunner::Done>> ProcessRunner::WaitAny() {
  for (;;) {
    if (Interrupted() || TimeIsOver()) {
      children_.clear();
      slot_taken_.assign(slot_taken_.size(), false);
      return std::optional<Done>();
    }
    Poll();
    if (options_.while_waiting) options_.while_waiting();
    for (auto& [ticket, child] : children_) {
      std::optional<bool> fails;
      if (child.process.Read()) {
        ORRERY_ASSIGN_OR_RETURN(fails, Finish(child));
      } else if (child.process.Overdue()) {
        ++given_up_;
        fails = false;
      }
      if (!fails) continue;
      const Done done{ticket, *fails};
      Cancel(ticket);
      return std::optional(done);
    }
  }
}

Result<std::optional<bool>> ProcessRunner::Finish(Child& child) {
  const int code = child.process.exit_code();
  if (code == kKilled && !child.again) {
    // Somebody else ended it, for want of memory perhaps: that says nothing about the candidate.
    child.again = true;
    ORRERY_ASSIGN_OR_RETURN(child.process, Spawn(child.slot, child.on_clean));
    return std::optional<bool>();
  }
  if (code > 128) ++given_up_;
  const std::string signature = SignatureIn(child.process.text());
  if (child.on_clean) return std::optional(signature == "ok");
  if (signature != options_.signature) return std::optional(false);
  if (options_.clean.empty()) return std::optional(true);
  child.on_clean = true;
  ORRERY_ASSIGN_OR_RETURN(child.process, Spawn(child.slot, true));
  return std::optional<bool>();
}

Result<ReplayResult> RunReplay(const std::string& program, const std::string& capsule_path,
                               const std::vector<std::string>& more, const CandidateLimits& limits) {
  std::vector<std::string> command = ReplayCommand(program, capsule_path);
  command.insert(command.end(), more.begin(), more.end());
  ORRERY_ASSIGN_OR_RETURN(CandidateProcess process, CandidateProcess::Start(command, limits));
  if (!process.AwaitEnd()) return ReplayResult{.exit_code = kKilled, .signature = "", .report = ""};
  std::string signature = SignatureIn(process.text());
  return ReplayResult{.exit_code = process.exit_code(),
                      .signature = signature,
                      .report = signature.empty() ? std::string() : process.text()};
}

}  // namespace orrery::faults
