#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/stack_pool.h"
#include "sim/event_log.h"
#include "sim/event_queue.h"
#include "sim/fingerprint.h"
#include "sim/sim_probes.h"
#include "sim/trace.h"
#include "sim/world_options.h"

namespace orrery::sim {

class SimNetwork;
class SimNode;
class StreamSwitchboard;

/// The next ready fiber is a function of the seed, its name and how often it woke.
class FiberRank final : public SchedulePolicy {
 public:
  explicit FiberRank(const Choices& choices) : choices_(choices) {}
  uint64_t Rank(uint64_t fiber_name_hash, uint64_t wake_count) override {
    if (choices_.calm(ChoiceStream::kSchedule)) return 0;
    return choices_.Word(ChoiceStream::kSchedule, fiber_name_hash, wake_count);
  }

 private:
  const Choices& choices_;
};

/// What the parts of the world share: time, the queue, choices, and the record of what happened. Internal to
/// sim/; tests and faults use World.
class WorldCore {
 public:
  explicit WorldCore(WorldOptions world_options);
  ~WorldCore();

  // ---- Time and events. ----

  int64_t now() const { return now_; }
  /// Queues `event` on behalf of `actor`, whose name and count break ties.
  void Schedule(Event* event, Actor& actor, int64_t at) {
    const bool calm = choices.calm(ChoiceStream::kSchedule);
    queue.Schedule(event, at, calm ? 0 : choices.Word(ChoiceStream::kSchedule, actor.hash, ++actor.choices));
  }
  /// Runs `code` once at `at`; owned by the core.
  void After(Actor& actor, int64_t at, std::function<void()> code);
  /// Requires: no event is due before `at`.
  void AdvanceTo(int64_t at) { now_ = at; }
  /// False if the queue is empty.
  bool Step();

  // ---- Names and what happened. ----

  /// The actor of that name; made at first use, lives as long as the core.
  Actor& ActorOf(std::string_view name);
  void Record(EventKind kind, Actor& actor, uint64_t content) {
    const EventRecord event{now_, kind, actor.hash, ++actor.sequence, content};
    fingerprint.Fold(event);
    ++recorded;
    if (options.events != nullptr) [[unlikely]]
      options.events->Append(event, actor);
  }
  bool tracing() const { return options.trace != nullptr; }
  /// A trace line for the event recorded last.
  void TraceEvent(EventKind kind, const Actor& actor, std::string_view text);
  /// Counts a fault, records it as an event of `actor`, traces it.
  void RecordFault(WorldFault fault, Actor& actor, uint64_t content, std::string_view text);
  void CountFault(WorldFault fault) { ++faults[static_cast<size_t>(fault)]; }

  SimNode* FindNode(NodeId node) const;
  void FillStack() const;
  void FlushOutputs() const;
  std::string Describe() const;

  WorldOptions options;
  const Choices choices;
  FiberRank fiber_rank;
  EventQueue queue;
  StackPool stacks;
  Fingerprint fingerprint;
  uint64_t recorded = 0;              ///< Events in the fingerprint.
  uint64_t steps = 0;                 ///< Events fired.
  const SimNode* restless = nullptr;  ///< Its loop does not come to rest.
  bool fresh_jumps = true;            ///< Whether FreshNow() may run ahead.
  bool turn_running = false;          ///< Some node's turn is under way.
  int64_t last_activity = 0;          ///< Last delivery, job or change of a disk.
  WorldFaultCounts faults{};
  ProbeCounts probe_hits;
  ProbeCounts bends;
  std::set<std::string, std::less<>> latencies_used;  ///< Of those given by name.
  std::vector<NodeExit> exits;
  std::function<void(const NodeExit&)> on_exit;
  size_t exits_told = 0;
  std::map<NodeId, std::unique_ptr<SimNode>> nodes;
  std::unique_ptr<SimNetwork> network;
  std::unique_ptr<StreamSwitchboard> streams;

 private:
  class OneShot;

  int64_t now_ = 0;
  std::map<uint64_t, std::unique_ptr<OneShot>> one_shots_;
  uint64_t last_one_shot_ = 0;
  std::map<std::string, std::unique_ptr<Actor>, std::less<>> actors_;
};

}  // namespace orrery::sim
