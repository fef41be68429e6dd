#include "sim/world.h"

#include <algorithm>

#include "sim/disk/sim_disk.h"
#include "sim/node_boot.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"
#include "sim/sim_stream.h"
#include "sim/stream_connection.h"

namespace orrery::sim {
namespace {

std::string DefaultName(NodeId node) {
  if (IsClientNode(node)) return fmt::format("client{}", node.value() & ~kClientNodeBit);
  return fmt::format("node{}", node.value());
}

SimNode& Find(const WorldCore& core, NodeId node) {
  SimNode* found = core.FindNode(node);
  if (found == nullptr) ORRERY_UNREACHABLE(fmt::format("no node {} in this world", node.value()));
  return *found;
}

}  // namespace

std::string_view RunOutcomeName(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::kConditionMet: return "condition_met";
    case RunOutcome::kTimeLimit: return "time_limit";
    case RunOutcome::kDeadlock: return "deadlock";
    case RunOutcome::kEventBudget: return "event_budget";
    case RunOutcome::kBusyLoop: return "busy_loop";
  }
  return "unknown";
}

World::World(WorldOptions options) : core_(std::make_unique<WorldCore>(std::move(options))) {}
World::~World() = default;

void World::AddNode(NodeId node, NodeFactory factory, NodeOptions options) {
  ORRERY_ASSERT(core_->FindNode(node) == nullptr);
  if (options.name.empty()) options.name = DefaultName(node);
  core_->nodes[node] = std::make_unique<SimNode>(*core_, node, std::move(factory), std::move(options));
}

void World::SetFactory(NodeId node, NodeFactory factory) {
  Find(*core_, node).SetFactory(std::move(factory));
}
void World::Boot(NodeId node) {
  Find(*core_, node).Boot();
}

void World::BootAll() {
  for (const NodeId node : nodes()) {
    if (!IsUp(node)) Boot(node);
  }
}

void World::Crash(NodeId node, CrashKind kind) {
  Find(*core_, node).Crash(kind);
}
void World::EndFreshJumps() {
  core_->fresh_jumps = false;
}

void World::CrashAtDiskMutation(NodeId node, uint64_t k, CrashKind kind) {
  Find(*core_, node).CrashAtDiskMutation(k, kind);
}
void World::Restart(NodeId node, CrashKind kind) {
  Crash(node, kind);
  Boot(node);
}
void World::RequestStop(NodeId node) {
  Find(*core_, node).RequestStop();
}
void World::WipeDisk(NodeId node) {
  SimNode& machine = Find(*core_, node);
  core_->Record(EventKind::kFault, machine.actor(), Hash64("wipe"));
  core_->TraceEvent(EventKind::kFault, machine.actor(), "wipe the disk");
  machine.Wipe();
}
void World::Pause(NodeId node) {
  Find(*core_, node).Pause();
}
void World::Resume(NodeId node) {
  Find(*core_, node).Resume();
}

void World::PauseFor(NodeId node, Duration span) {
  SimNode& machine = Find(*core_, node);
  machine.Pause();
  const uint64_t boot = machine.boots();
  core_->After(machine.actor(), core_->now() + span.count(), [&machine, boot] {
    if (machine.boots() == boot) machine.Resume();
  });
}

bool World::IsUp(NodeId node) const {
  return Find(*core_, node).up();
}
bool World::IsPaused(NodeId node) const {
  return Find(*core_, node).paused();
}
Duration World::BusyUntil(NodeId node) const {
  return Duration(Find(*core_, node).busy_until());
}
std::optional<Instant> World::ClockOf(NodeId node) const {
  const SimNode& found = Find(*core_, node);
  return found.up() ? std::optional(found.MonotonicNow()) : std::nullopt;
}
uint64_t World::BootCount(NodeId node) const {
  return Find(*core_, node).boots();
}

std::vector<NodeId> World::nodes() const {
  std::vector<NodeId> ids;
  for (const auto& [id, node] : core_->nodes) ids.push_back(id);
  return ids;
}

const std::string& World::NameOf(NodeId node) const {
  return Find(*core_, node).actor().name;
}
SimDisk& World::DiskOf(NodeId node) {
  return Find(*core_, node).disk();
}

Node* World::NodeOf(NodeId node) {
  SimNode& machine = Find(*core_, node);
  return machine.up() ? machine.boot()->node.get() : nullptr;
}

Runtime& World::RuntimeOf(NodeId node) {
  SimNode& machine = Find(*core_, node);
  ORRERY_ASSERT(machine.up());
  return machine.boot()->runtime;
}

bool World::RunInNode(NodeId node, FunctionRef<void(Runtime&)> code) {
  SimNode& machine = Find(*core_, node);
  if (!machine.up() || machine.paused()) return false;
  machine.RunTurn([&] { code(machine.boot()->runtime); });
  return true;
}

const std::vector<NodeExit>& World::exits() const {
  return core_->exits;
}
void World::OnExit(std::function<void(const NodeExit&)> handler) {
  core_->on_exit = std::move(handler);
}

std::string World::DumpFibers(NodeId node) {
  SimNode& machine = Find(*core_, node);
  return machine.up() ? machine.boot()->scheduler.DumpFibers() : std::string("down\n");
}

void World::StepWallClock(NodeId node, Duration step) {
  SimNode& machine = Find(*core_, node);
  machine.clock().StepWall(step);
  core_->RecordFault(step.count() < 0 ? WorldFault::kClockStepBack : WorldFault::kClockStepForward, machine.actor(),
                     static_cast<uint64_t>(step.count()), fmt::format("{} ns", step.count()));
}

void World::SetDrift(NodeId node, int64_t drift_ppb) {
  SimNode& machine = Find(*core_, node);
  machine.clock().SetDrift(drift_ppb, core_->now());
  core_->RecordFault(WorldFault::kClockDrift, machine.actor(), static_cast<uint64_t>(drift_ppb),
                     fmt::format("{} ppb", drift_ppb));
  machine.Settle();
}

void World::SetDiskStuck(NodeId node, bool stuck) {
  SimNode& machine = Find(*core_, node);
  core_->Record(EventKind::kFault, machine.actor(), HashCombine(Hash64("stuck"), stuck ? 1 : 0));
  core_->TraceEvent(EventKind::kFault, machine.actor(), stuck ? "disk stuck" : "disk free");
  machine.disk().SetStuck(stuck);
  machine.Unpark();
}

void World::SetDiskSlow(NodeId node, uint32_t factor) {
  SimNode& machine = Find(*core_, node);
  core_->Record(EventKind::kFault, machine.actor(), HashCombine(Hash64("slow"), factor));
  core_->TraceEvent(EventKind::kFault, machine.actor(), fmt::format("disk slower by {}", factor));
  machine.disk().SetSlowFactor(factor);
}

void World::DelayNextJob(NodeId node, Lane lane, Duration span) {
  SimNode& machine = Find(*core_, node);
  if (!machine.up()) return;
  core_->Record(EventKind::kFault, machine.actor(), HashCombine(Hash64("delay"), static_cast<uint64_t>(span.count())));
  core_->TraceEvent(EventKind::kFault, machine.actor(), fmt::format("next job of lane {} waits", LaneName(lane)));
  machine.boot()->offload.DelayNextJob(lane, span);
}

Duration World::Now() const {
  return Duration(core_->now());
}
uint64_t World::events() const {
  return core_->recorded;
}

bool World::StepOnce() {
  const bool ran = core_->Step();
  while (core_->exits_told < core_->exits.size()) {
    const NodeExit exit = core_->exits[core_->exits_told++];
    if (core_->on_exit) core_->on_exit(exit);
  }
  return ran;
}

RunOutcome World::RunUntil(const std::function<bool()>& condition, Duration limit) {
  const int64_t end = core_->now() + limit.count();
  for (;;) {
    if (condition && condition()) return RunOutcome::kConditionMet;
    if (core_->steps >= core_->options.events_max) return RunOutcome::kEventBudget;
    if (core_->restless != nullptr) return RunOutcome::kBusyLoop;
    if (core_->queue.empty()) return RunOutcome::kDeadlock;
    if (core_->queue.NextTime() > end) {
      core_->AdvanceTo(end);
      return RunOutcome::kTimeLimit;
    }
    StepOnce();
  }
}

RunOutcome World::RunFor(Duration span) {
  return RunUntil(nullptr, span);
}

RunOutcome World::RunUntilQuiet(Duration quiet, Duration limit) {
  const int64_t start = core_->now();
  return RunUntil(
      [&] {
        const int64_t calm_until = core_->queue.empty() ? INT64_MAX : core_->queue.NextTime();
        return calm_until - std::max(core_->last_activity, start) > quiet.count();
      },
      limit);
}

void World::Schedule(Duration at, std::string_view name, std::function<void()> code) {
  ORRERY_ASSERT(at.count() >= core_->now());
  core_->After(core_->ActorOf(name), at.count(), std::move(code));
}

Fingerprint World::fingerprint() const {
  return core_->fingerprint;
}

void World::RecordClient(std::string_view actor, uint64_t content, std::string_view text) {
  Actor& who = core_->ActorOf(actor);
  core_->Record(EventKind::kClient, who, content);
  core_->TraceEvent(EventKind::kClient, who, text);
}

void World::RecordNote(std::string_view actor, uint64_t content, std::string_view text) {
  Actor& who = core_->ActorOf(actor);
  core_->Record(EventKind::kNote, who, content);
  core_->TraceEvent(EventKind::kNote, who, text);
}

std::map<std::string, uint64_t> World::FaultCounts() const {
  std::map<std::string, uint64_t> counts;
  for (int i = 0; i < kWorldFaultCount; ++i)
    counts.emplace(WorldFaultName(static_cast<WorldFault>(i)), core_->faults[static_cast<size_t>(i)]);
  for (int i = 0; i < kDiskFaultCount; ++i) {
    uint64_t sum = 0;
    for (const auto& [id, node] : core_->nodes) sum += node->disk().fault_counts()[static_cast<size_t>(i)];
    counts.emplace(fmt::format("disk_{}", DiskFaultName(static_cast<DiskFault>(i))), sum);
  }
  return counts;
}

uint64_t World::FaultCount(WorldFault fault) const {
  return core_->faults[static_cast<size_t>(fault)];
}
std::map<std::string, uint64_t> World::ProbeHits() const {
  return core_->probe_hits.All();
}
std::map<std::string, uint64_t> World::BuggifyHits() const {
  return core_->bends.All();
}
std::vector<std::string> World::UnusedLatencies() const {
  std::vector<std::string> unused;
  for (const auto& [name, latency] : core_->choices.options().latencies) {
    if (!core_->latencies_used.contains(name)) unused.push_back(name);
  }
  return unused;
}
const Choices& World::choices() const {
  return core_->choices;
}
Trace* World::trace() const {
  return core_->options.trace;
}
std::string World::Describe() const {
  return core_->Describe();
}

}  // namespace orrery::sim
