#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/function_ref.h"
#include "runtime/node.h"
#include "runtime/offload.h"
#include "sim/fingerprint.h"
#include "sim/world_options.h"

namespace orrery::sim {

class SimDisk;
class WorldCore;

enum class RunOutcome : uint8_t {
  kConditionMet,
  kTimeLimit,
  kDeadlock,     ///< Nothing is left that could ever happen.
  kEventBudget,  ///< WorldOptions::events_max.
  kBusyLoop,     ///< A node's loop turns and turns, though nothing arrives and no timer is due.
};
std::string_view RunOutcomeName(RunOutcome outcome);

using NodeSet = std::vector<NodeId>;
enum class Symmetry : uint8_t { kBothWays, kOneWay };  ///< One way: what `from` sends does not reach `to`.
/// A network fault in force; 0 is none.
using RuleId = uint64_t;

/// The simulated world: virtual time and everything that happens in it. This is the control surface; nodes
/// see a Runtime and cannot tell. It has mechanisms only: what may be done to whom, and when, is policy (faults/).
///
/// One OS thread. Nothing here is called from node code, except through Schedule()d functions, which run
/// between events. Every call that changes the world is an event of the fingerprint.
///
///   World world({.choices = {.seed = 7}});
///   world.AddNode(NodeId(1), MakeStore);  world.AddNode(NodeId(2), MakeStore);
///   world.BootAll();
///   world.Partition({NodeId(1)}, {NodeId(2)});
///   world.RunFor(seconds(5));
///   world.HealNetwork();
///   RunOutcome outcome = world.RunUntil([&] { return done; }, seconds(30));
class World {
 public:
  explicit World(WorldOptions options);
  /// Ends every node as a process kill would, without an event.
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // ---- Nodes. ----

  /// A node and its disk; not booted. Requires: the id and the name are new.
  void AddNode(NodeId node, NodeFactory factory, NodeOptions options = {});
  /// From the next boot on (another version of the code, another configuration).
  void SetFactory(NodeId node, NodeFactory factory);
  /// Requires: !IsUp(node).
  void Boot(NodeId node);
  void BootAll();
  /// Crash order: fence, unwind fibers, destroy the node, destroy its engine's environment. If down,
  /// a power loss takes what the disk had not synced; else harmless.
  void Crash(NodeId node, CrashKind kind);
  /// Crashes inside the k-th changing disk operation from now (1 is the next).
  void CrashAtDiskMutation(NodeId node, uint64_t k, CrashKind kind);
  /// FreshNow() runs ahead no more: processes are not paused within turns from now on.
  void EndFreshJumps();
  /// Crash, if up, then Boot.
  void Restart(NodeId node, CrashKind kind);
  /// Asks for a graceful stop; the node ends by Process::Exit. Harmless if down.
  void RequestStop(NodeId node);
  /// An empty disk, as a replaced machine has. Requires: !IsUp(node).
  void WipeDisk(NodeId node);
  /// The process stands still: clocks go on, nothing runs; then everything at once. Harmless if down or paused.
  void Pause(NodeId node);
  void Resume(NodeId node);
  void PauseFor(NodeId node, Duration span);

  bool IsUp(NodeId node) const;
  bool IsPaused(NodeId node) const;
  /// When the process will have heard of everything that its disk has done so far: what a slow disk did tells it late.
  Duration BusyUntil(NodeId node) const;
  /// What the monotonic clock of its machine shows now; nothing if the process is down.
  std::optional<Instant> ClockOf(NodeId node) const;
  /// How often it was booted.
  uint64_t BootCount(NodeId node) const;
  std::vector<NodeId> nodes() const;
  const std::string& NameOf(NodeId node) const;
  SimDisk& DiskOf(NodeId node);
  /// The Node of the current boot, for tests that know its type; nullptr if down.
  Node* NodeOf(NodeId node);
  /// The Runtime of the current boot. Requires: IsUp(node).
  Runtime& RuntimeOf(NodeId node);
  /// Runs harness code as a turn of this node (as if a callback had come in): it may notify fibers and spawn.
  /// False, not run, if it is down or paused.
  bool RunInNode(NodeId node, FunctionRef<void(Runtime&)> code);
  /// Nodes that ended themselves, oldest first.
  const std::vector<NodeExit>& exits() const;
  /// Called between events after each of them. The usual policy is to boot again.
  void OnExit(std::function<void(const NodeExit&)> handler);
  /// The fibers of a node, with what they wait for. For reports.
  std::string DumpFibers(NodeId node);

  // ---- Network. Each rule stays in force until healed. ----

  RuleId ClogSend(NodeId node);
  RuleId ClogReceive(NodeId node);
  RuleId Clog(const NodeSet& from, const NodeSet& to, Symmetry symmetry = Symmetry::kBothWays);
  /// Like a clog, but connections die of silence and new ones cannot be made.
  RuleId Partition(const NodeSet& from, const NodeSet& to, Symmetry symmetry = Symmetry::kBothWays);
  RuleId SlowLink(const NodeSet& from, const NodeSet& to, uint32_t factor, Symmetry symmetry = Symmetry::kBothWays);
  /// Harmless if healed before.
  void Heal(RuleId rule);
  void HealNetwork();
  /// True if no rule keeps messages from `from` to `to` (slow is reachable).
  bool Reachable(NodeId from, NodeId to) const;
  /// Cuts the connections, message and stream, between two nodes: a suffix in each direction is lost.
  void ResetConnection(NodeId a, NodeId b);
  /// Ends the connection as a full send queue would.
  void OverflowQueue(NodeId from, NodeId to);
  /// Changes rates and limits while running (old epochs, duplicates, queue limits, latencies).
  void SetNetworkOptions(const NetworkOptions& options);
  const NetworkOptions& network_options() const;

  // ---- Clocks. ----

  void StepWallClock(NodeId node, Duration step);
  /// Replaces the rate: +1'000 is one microsecond per second too fast.
  void SetDrift(NodeId node, int64_t drift_ppb);

  // ---- Disks: DiskOf() has the rest; these two also wake what waits. ----

  void SetDiskStuck(NodeId node, bool stuck);
  void SetDiskSlow(NodeId node, uint32_t factor);
  /// Lets the next job of a lane begin so much later, and those behind it wait; other lanes go on. Of several calls
  /// before that job the longest counts. Harmless if down.
  void DelayNextJob(NodeId node, Lane lane, Duration span);

  // ---- Time. ----

  /// Virtual time since the world began.
  Duration Now() const;
  uint64_t events() const;
  /// Runs the next event. False: nothing is left.
  bool StepOnce();
  /// The condition is asked before the first and after every event.
  RunOutcome RunUntil(const std::function<bool()>& condition, Duration limit);
  RunOutcome RunFor(Duration span);
  /// Until no message was delivered, no job ran and no disk changed for `quiet`.
  RunOutcome RunUntilQuiet(Duration quiet, Duration limit);
  /// Runs harness code between events. `name` is stable ("faults/partition 3"): with the time it orders what
  /// happens at one instant. Requires: at >= Now().
  void Schedule(Duration at, std::string_view name, std::function<void()> code);

  // ---- What happened. ----

  Fingerprint fingerprint() const;
  /// A client operation, for fingerprint and trace.
  void RecordClient(std::string_view actor, uint64_t content, std::string_view text);
  /// Anything else the harness does that is part of the run.
  void RecordNote(std::string_view actor, uint64_t content, std::string_view text);
  /// Count of every fault by name, those of disks as "disk_<name>". Zeros included.
  std::map<std::string, uint64_t> FaultCounts() const;
  uint64_t FaultCount(WorldFault fault) const;
  /// Hits by probe name; only those that were hit.
  std::map<std::string, uint64_t> ProbeHits() const;
  /// Buggify sites that bent something, with how often.
  std::map<std::string, uint64_t> BuggifyHits() const;
  /// Names of ChoiceOptions::latencies at which nothing was sent so far, sorted.
  std::vector<std::string> UnusedLatencies() const;
  const Choices& choices() const;
  /// For harness code that wants to write lines of its own; may be null.
  Trace* trace() const;
  /// Seed, scenario, time, events, nodes: what a failure report begins with.
  std::string Describe() const;

 private:
  std::unique_ptr<WorldCore> core_;
};

}  // namespace orrery::sim
