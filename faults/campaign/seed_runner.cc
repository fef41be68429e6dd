#include "faults/campaign/seed_runner.h"

#include "faults/campaign/classify.h"
#include "runtime/base/assert.h"

namespace orrery::faults {
namespace {

/// sim/interpose/interpose.h: two ways to place and fill memory.
constexpr const char* kFirstMemory = "ORRERY_SIM_ALLOCATOR=shuffle";
constexpr const char* kSecondMemory = "ORRERY_SIM_ALLOCATOR=never-reuse";

}  // namespace

Status SeedRunner::Begin(const std::string& scenario, uint64_t seed, bool canary) {
  return Start({.scenario = scenario, .seed = seed, .canary = canary, .first = std::nullopt});
}

Status SeedRunner::Start(Task task) {
  std::vector<std::string> environment;
  // A confirmation has the other's cheaper memory: what never reuses an address holds many times as much.
  const bool never_reuse = task.first && options_.double_run;
  if (never_reuse) {
    environment.emplace_back(kSecondMemory);
  } else if (task.first || options_.double_run) {
    environment.emplace_back(kFirstMemory);
  }
  ORRERY_ASSIGN_OR_RETURN(
      const WorkerPool::Ticket ticket,
      pool_.Start({options_.program, "run", "--json", "--scenario", task.scenario, "--scenarios-dir",
                   options_.scenario_folder, "--seed", std::to_string(task.seed)},
                  std::move(environment), options_.limits));
  tasks_.emplace(ticket, std::move(task));
  return Status::Ok();
}

Result<std::optional<SeedRunner::Finished>> SeedRunner::WaitAny(std::chrono::milliseconds patience) {
  auto ended = pool_.WaitAny(patience);
  if (!ended) return std::optional<Finished>();
  const auto& [ticket, worker] = *ended;
  auto node = tasks_.extract(ticket);
  ORRERY_ASSERT(!node.empty());
  Task& task = node.mapped();
  SeedResult result = Classify(task.scenario, task.seed, worker, options_.limits);
  if (task.first) {
    const Standing standing = Confirm(task.first->result, result, options_.double_run);
    if (standing == Standing::kSecond) task.first->report = LastLine(worker.output);
    return std::optional(std::move(*task.first));
  }
  const bool again = !task.canary && (options_.double_run || !result.ok());
  Finished first{.result = std::move(result), .report = std::string(LastLine(worker.output)), .canary = task.canary};
  if (!again) return std::optional(std::move(first));
  task.first = std::move(first);
  ORRERY_RETURN_IF_ERROR(Start(std::move(task)));
  return std::optional<Finished>();
}

void SeedRunner::KillAll() {
  pool_.KillAll();
  tasks_.clear();
}

}  // namespace orrery::faults
