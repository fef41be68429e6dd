#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "runtime/base/function_ref.h"
#include "runtime/node.h"
#include "sim/inside_node.h"
#include "sim/node_clock.h"
#include "sim/sim_probes.h"
#include "sim/world_core.h"

namespace orrery::sim {

class NodeBoot;
class SimDisk;

/// One machine of the world: its disk and clocks survive; its process is a NodeBoot. Runs the event loop of
/// the process: whatever reaches the node is a turn, at once if the loop is free, else together with
/// everything that has gathered when it is free again (a busy loop, a pause).
class SimNode final : public NodeContext {
 public:
  SimNode(WorldCore& core, NodeId id, NodeFactory factory, NodeOptions options);
  ~SimNode() override;

  NodeId id() const { return id_; }
  Actor& actor() { return actor_; }
  const Actor& actor() const { return actor_; }
  const NodeOptions& options() const { return options_; }
  SimDisk& disk() { return *disk_; }
  NodeClock& clock() { return clock_; }
  NodeBoot* boot() { return boot_.get(); }
  uint64_t boots() const { return boots_; }
  bool up() const { return boot_ != nullptr; }
  bool paused() const { return paused_; }
  /// False between a power loss and the next boot: nobody answers for this machine.
  bool powered() const { return powered_; }
  void SetFactory(NodeFactory factory) { factory_ = std::move(factory); }

  void Boot();
  void Crash(CrashKind kind);
  void CrashAtDiskMutation(uint64_t k, CrashKind kind);
  void RequestStop();
  void Wipe();
  void Pause();
  void Resume();
  /// The end of the world: like a process kill, but not an event.
  void TearDown();

  /// Something for the loop. `code` runs on the main stack as part of a turn of this boot, or never.
  template <class F>
  void Deliver(F&& code) {
    if (!up()) return;
    if (!Free()) {
      backlog_.emplace_back(std::forward<F>(code));
      ArmWake();
      return;
    }
    RunTurn(FunctionRef<void()>(code));
  }
  /// Runs `code` as a turn now. Requires: up, not paused.
  void RunTurn(FunctionRef<void()> code);
  /// Runs one offloaded job's code now, beside the loop. Returns the time its disk operations took.
  Duration RunBeside(FunctionRef<void()> code);
  /// After anything of this node ran: ends the boot if it asked for that, starts background work, arms timers.
  void Settle();
  /// Lets parked jobs go on (resumed, disk no longer stuck).
  void Unpark();

  /// Virtual time as of now in this node's turn, ahead of the world's after a jump of FreshNow().
  int64_t turn_now() const { return core_.now() + turn_offset_; }
  /// Lets time pass within the turn.
  void JumpAhead(Duration span) { turn_offset_ += span.count(); }
  bool in_turn() const { return in_turn_; }
  /// When the process will have heard of everything that its disk has done so far.
  int64_t busy_until() const { return std::max(busy_until_, jobs_until_); }
  Instant MonotonicNow() const { return clock_.MonotonicAt(turn_now()); }

  std::string DescribeForCrash() const override;
  void FlushForCrash() override { core_.FlushOutputs(); }
  std::string DescribeState() const;

 private:
  class WakeEvent;
  class BackgroundEvent;

  bool Free() const { return !paused_ && core_.now() >= busy_until_ && backlog_.empty() && !core_.turn_running; }
  void OnWake();
  void OnBackground();
  void ArmWake();
  void ArmBackground(Duration busy);
  void FireTimers();
  void DrainBacklog();
  /// A turn that only its own fibers wanted. So many in so short a time that it cannot be work end the run: work waits
  /// for something now and then.
  void CountOwnTurn();
  void LosePowerWhileDown();
  void EndBoot(CrashKind kind, bool tell_network);
  void FinishExit();

  WorldCore& core_;
  const NodeId id_;
  const NodeOptions options_;
  Actor& actor_;
  NodeFactory factory_;
  NodeClock clock_;
  SimProbes disk_probes_;  ///< The disk outlives boots, whose probes do not.
  std::unique_ptr<SimDisk> disk_;
  std::unique_ptr<NodeBoot> boot_;
  uint64_t boots_ = 0;
  uint64_t machine_life_ = 0;
  bool powered_ = true;
  bool paused_ = false;
  Instant paused_at_;  ///< By its own clock, whose rate may change meanwhile.
  /// What the next turn saw on its clock, if it looked before a pause.
  std::optional<Instant> looked_at_;
  bool in_turn_ = false;
  bool background_parked_ = false;
  uint64_t background_choices_ = 0;
  int64_t turn_offset_ = 0;
  int64_t busy_until_ = 0;
  int64_t jobs_until_ = 0;  ///< The ends of its jobs, beside the loop.
  int64_t wake_at_ = 0;
  int64_t own_turns_since_ = 0;
  uint64_t own_turns_ = 0;
  std::optional<CrashKind> crash_in_disk_;
  std::deque<std::function<void()>> backlog_;
  std::unique_ptr<WakeEvent> wake_;
  std::unique_ptr<BackgroundEvent> background_;
};

}  // namespace orrery::sim
