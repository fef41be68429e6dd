#include "sim/world_core.h"

#include <alloca.h>

#include <cstring>

#include "sim/inside_node.h"
#include "sim/sim_network.h"
#include "sim/sim_node.h"
#include "sim/sim_stream.h"

namespace orrery::sim {

class WorldCore::OneShot final : public Event {
 public:
  OneShot(WorldCore& core, uint64_t id, std::function<void()> code) : core_(core), id_(id), code_(std::move(code)) {}
  void Fire() override {
    const auto self = std::move(core_.one_shots_.at(id_));
    core_.one_shots_.erase(id_);
    code_();
  }

 private:
  WorldCore& core_;
  uint64_t id_;
  std::function<void()> code_;
};

WorldCore::WorldCore(WorldOptions world_options)
    : options(std::move(world_options)),
      choices(options.choices),
      fiber_rank(choices),
      network(std::make_unique<SimNetwork>(*this)),
      streams(std::make_unique<StreamSwitchboard>(*this)) {}

WorldCore::~WorldCore() {
  for (const auto& [id, node] : nodes) node->TearDown();
  streams.reset();
  network.reset();
  nodes.clear();
  for (const auto& [id, shot] : one_shots_) queue.Cancel(shot.get());
}

void WorldCore::After(Actor& actor, int64_t at, std::function<void()> code) {
  const uint64_t id = ++last_one_shot_;
  auto& shot = one_shots_[id];
  shot = std::make_unique<OneShot>(*this, id, std::move(code));
  Schedule(shot.get(), actor, at);
}

bool WorldCore::Step() {
  if (queue.empty()) return false;
  const int64_t at = queue.NextTime();
  ORRERY_ASSERT(at >= now_);
  now_ = at;
  Event* event = queue.Pop();
  ++steps;
  if (options.stack_fill.has_value()) [[unlikely]]
    FillStack();
  event->Fire();
  return true;
}

Actor& WorldCore::ActorOf(std::string_view name) {
  const auto found = actors_.find(name);
  if (found != actors_.end()) return *found->second;
  auto& actor = actors_[std::string(name)];
  actor = std::make_unique<Actor>(std::string(name));
  return *actor;
}

void WorldCore::TraceEvent(EventKind kind, const Actor& actor, std::string_view text) {
  if (!tracing()) return;
  const OutsideNode harness;
  options.trace->Line(now_, recorded, actor.name, EventKindName(kind), text);
}

void WorldCore::RecordFault(WorldFault fault, Actor& actor, uint64_t content, std::string_view text) {
  CountFault(fault);
  Record(EventKind::kFault, actor, HashCombine(static_cast<uint64_t>(fault), content));
  if (tracing()) TraceEvent(EventKind::kFault, actor, fmt::format("{} {}", WorldFaultName(fault), text));
}

SimNode* WorldCore::FindNode(NodeId node) const {
  const auto found = nodes.find(node);
  return found == nodes.end() ? nullptr : found->second.get();
}

__attribute__((noinline)) void WorldCore::FillStack() const {
  constexpr size_t kFilledBytes = 16384;
  void* dead = alloca(kFilledBytes);
  std::memset(dead, *options.stack_fill, kFilledBytes);
  asm volatile("" : : "r"(dead) : "memory");  // The stores must happen although nobody reads them.
}

void WorldCore::FlushOutputs() const {
  if (options.trace != nullptr) options.trace->Flush();
  if (options.events != nullptr) options.events->Flush();
}

std::string WorldCore::Describe() const {
  std::string text = fmt::format("scenario {} seed {} virtual time {} s, {} events, fingerprint {}\n",
                                 options.scenario.empty() ? "-" : options.scenario, options.choices.seed,
                                 FormatSeconds(now_), recorded, fingerprint.ToString());
  for (const auto& [id, node] : nodes) {
    text += fmt::format("  {} {}\n", node->actor().name, node->DescribeState());
    if (node.get() == restless)
      text += "    its loop turns without pause, though nothing arrives and no timer is due\n";
  }
  if (!options.repro.empty()) text += options.repro + "\n";
  return text;
}

}  // namespace orrery::sim
