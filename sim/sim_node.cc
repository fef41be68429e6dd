#include "sim/sim_node.h"

#include <algorithm>
#include <limits>

#include "sim/disk/sim_disk.h"
#include "sim/node_boot.h"
#include "sim/rocks/sim_rocks_host.h"

namespace orrery::sim {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
/// A job of RocksDB's background starts within this time of being queued.
constexpr Duration kBackgroundSpread = milliseconds(2);
/// Half of the turns that fit into the span at a microsecond each.
constexpr Duration kBusyLoopSpan = milliseconds(100);
constexpr uint64_t kBusyLoopTurns = 50'000;

std::unique_ptr<SimDisk> MakeDisk(WorldCore& core, const Actor& actor, const NodeOptions& options, Probes& probes) {
  return std::make_unique<SimDisk>(SimDiskOptions{.random = core.choices.Of(ChoiceStream::kDisk, actor.name),
                                                  .capacity_bytes = options.disk_capacity_bytes,
                                                  .latency = options.disk_latency,
                                                  .probes = &probes});
}

void ObserveDisk(WorldCore& core, SimDisk& disk, Actor& actor) {
  disk.SetObserver([&core, &actor](const DiskOp& op) {
    uint64_t content = HashCombine(static_cast<uint64_t>(op.kind), op.path_hash);
    content = HashCombine(HashCombine(content, op.offset), op.length);
    content = HashCombine(HashCombine(content, op.content_hash), static_cast<uint64_t>(op.outcome));
    core.Record(EventKind::kDisk, actor, content);
    core.last_activity = core.now();
    if (core.tracing()) [[unlikely]] {
      core.TraceEvent(EventKind::kDisk, actor,
                      fmt::format("{} {} at {} +{} {}", DiskOpKindName(op.kind), op.path, op.offset, op.length,
                                  StatusCodeName(op.outcome)));
    }
  });
}

}  // namespace

/// The loop wakes for a timer, for what has gathered, or for fibers that yielded.
class SimNode::WakeEvent final : public Event {
 public:
  explicit WakeEvent(SimNode& node) : node_(node) {}
  ~WakeEvent() override { node_.core_.queue.Cancel(this); }
  void Fire() override { node_.OnWake(); }

 private:
  SimNode& node_;
};

class SimNode::BackgroundEvent final : public Event {
 public:
  explicit BackgroundEvent(SimNode& node) : node_(node) {}
  ~BackgroundEvent() override { node_.core_.queue.Cancel(this); }
  void Fire() override { node_.OnBackground(); }

 private:
  SimNode& node_;
};

SimNode::SimNode(WorldCore& core, NodeId id, NodeFactory factory, NodeOptions options)
    : core_(core),
      id_(id),
      options_(std::move(options)),
      actor_(core.ActorOf(options_.name)),
      factory_(std::move(factory)),
      clock_(options_.clock, core.choices, actor_.hash),
      disk_probes_(core.choices, actor_.hash, core.probe_hits, core.bends),
      disk_(MakeDisk(core, actor_, options_, disk_probes_)),
      wake_(std::make_unique<WakeEvent>(*this)),
      background_(std::make_unique<BackgroundEvent>(*this)) {
  ObserveDisk(core, *disk_, core.ActorOf(actor_.name + "/disk"));
}

SimNode::~SimNode() {
  ORRERY_ASSERT(!up());
}

void SimNode::Boot() {
  ORRERY_ASSERT(!up());
  if (boots_ == 0 || !powered_) clock_.StartMachine(++machine_life_, core_.now());
  powered_ = true;
  paused_ = false;
  looked_at_.reset();
  ++boots_;
  busy_until_ = core_.now();
  jobs_until_ = core_.now();
  if (boots_ > 1) core_.CountFault(WorldFault::kRestart);
  if (disk_->frozen()) disk_->Boot();  // A new disk is live.
  boot_ = std::make_unique<NodeBoot>(core_, *this, boots_);
  if (options_.knows_everyone) {
    for (const auto& [id, node] : core_.nodes) boot_->addresses.Set(id, node->actor().name + ":7000");
  }
  core_.Record(EventKind::kBoot, boot_->actor, boots_);
  if (core_.tracing()) {
    core_.TraceEvent(
        EventKind::kBoot, boot_->actor,
        fmt::format("clock {} s, drift {} ppb", FormatSeconds(MonotonicNow().nanos()), clock_.drift_ppb()));
  }
  core_.network->OnBoot(*this);
  RunTurn([this] { boot_->node = factory_(boot_->runtime); });
}

void SimNode::FireTimers() {
  const Instant now = boot_->clock.Now();
  if (boot_->scheduler.NextTimer() <= now) {
    core_.Record(EventKind::kTimer, boot_->actor, static_cast<uint64_t>(now.nanos()));
    if (core_.tracing()) [[unlikely]]
      core_.TraceEvent(EventKind::kTimer, boot_->actor, fmt::format("clock {}", FormatSeconds(now.nanos())));
  }
  boot_->scheduler.FireTimers(now);
}

void SimNode::RunTurn(FunctionRef<void()> code) {
  ORRERY_ASSERT(up());
  ORRERY_ASSERT(!core_.turn_running);
  core_.turn_running = true;
  in_turn_ = true;
  turn_offset_ = 0;
  boot_->clock.BeginTurn(looked_at_ ? *looked_at_ : clock_.MonotonicAt(core_.now()));
  looked_at_.reset();
  {
    const InsideNode inside(this);
    FireTimers();
    code();
    boot_->scheduler.RunReady();
  }
  in_turn_ = false;
  core_.turn_running = false;
  const Duration cost = options_.turn_cost + Duration(turn_offset_) + disk_->TakeDebt();
  turn_offset_ = 0;
  busy_until_ = core_.now() + cost.count();
  Settle();
}

Duration SimNode::RunBeside(FunctionRef<void()> code) {
  const Duration of_loop = disk_->TakeDebt();
  {
    const InsideNode inside(this);
    code();
  }
  const Duration cost = disk_->TakeDebt();
  disk_->Charge(of_loop);
  jobs_until_ = std::max(jobs_until_, core_.now() + cost.count());
  return cost;
}

void SimNode::Settle() {
  if (!up() || in_turn_) return;
  if (boot_->process.reason().has_value()) return FinishExit();
  if (crash_in_disk_.has_value() && disk_->frozen()) {
    const CrashKind kind = *crash_in_disk_;
    core_.RecordFault(WorldFault::kCrashInDisk, actor_, static_cast<uint64_t>(kind), CrashKindName(kind));
    return Crash(kind);
  }
  ArmWake();
  ArmBackground(Duration(0));
}

void SimNode::ArmWake() {
  int64_t at = kNever;
  if (!backlog_.empty() || boot_->scheduler.HasReady()) {
    at = std::max(busy_until_, core_.now());
  } else if (const Instant next = boot_->scheduler.NextTimer(); next != Instant::Max()) {
    at = std::max({clock_.ReachedAt(next), busy_until_, core_.now()});
  }
  if (paused_) at = kNever;  // Resume() arms again.
  if (wake_->queued()) {
    if (wake_at_ == at) return;
    core_.queue.Cancel(wake_.get());
  }
  if (at == kNever) return;
  wake_at_ = at;
  core_.Schedule(wake_.get(), boot_->actor, at);
}

void SimNode::OnWake() {
  if (!up() || paused_) return;
  if (!backlog_.empty()) return DrainBacklog();
  CountOwnTurn();
  RunTurn([] {});
}

void SimNode::CountOwnTurn() {
  if (boot_->scheduler.NextTimer() <= MonotonicNow()) return;
  if (core_.now() - own_turns_since_ > kBusyLoopSpan.count()) {
    own_turns_since_ = core_.now();
    own_turns_ = 0;
  }
  if (++own_turns_ == kBusyLoopTurns) core_.restless = this;
}

/// A loop that was busy finds everything at once. It may handle the input before it looks at its timers, or after.
void SimNode::DrainBacklog() {
  const uint64_t word = core_.choices.Word(ChoiceStream::kSchedule, actor_.hash, static_cast<uint64_t>(core_.now()));
  if ((word & 1) != 0 && !core_.choices.calm(ChoiceStream::kSchedule)) {
    const auto code = std::move(backlog_.front());
    backlog_.pop_front();
    return RunTurn(FunctionRef<void()>(code));
  }
  const auto batch = std::move(backlog_);
  backlog_.clear();
  RunTurn([this, &batch] {
    for (const auto& code : batch) {
      if (boot_->fenced()) return;
      code();
    }
  });
}

void SimNode::ArmBackground(Duration busy) {
  if (boot_->engine == nullptr || background_->queued() || background_parked_) return;
  if (boot_->engine->queued_background_jobs() == 0) return;
  const uint64_t word = core_.choices.Word(ChoiceStream::kOffload, boot_->actor.hash, ++background_choices_);
  const bool calm = core_.choices.calm(ChoiceStream::kOffload);
  const uint64_t wait = calm ? 0 : Choices::Scale(word, static_cast<uint64_t>(kBackgroundSpread.count()));
  core_.Schedule(background_.get(), boot_->actor, core_.now() + busy.count() + static_cast<int64_t>(wait));
}

void SimNode::OnBackground() {
  if (!up()) return;
  if (paused_ || disk_->stuck()) {
    background_parked_ = true;
    return;
  }
  core_.Record(EventKind::kBackground, boot_->actor, boot_->engine->queued_background_jobs());
  core_.last_activity = core_.now();
  if (core_.tracing()) core_.TraceEvent(EventKind::kBackground, boot_->actor, "one job of the engine");
  const Duration cost = RunBeside([this] { boot_->engine->RunOneBackgroundJob(); });
  ArmBackground(cost);
  Settle();
}

void SimNode::Unpark() {
  if (!up() || paused_ || disk_->stuck()) return;
  boot_->offload.Unpark();
  background_parked_ = false;
  Settle();
}

void SimNode::Crash(CrashKind kind) {
  if (!up()) return kind == CrashKind::kPowerLoss ? LosePowerWhileDown() : void();
  const bool power = kind == CrashKind::kPowerLoss;
  core_.CountFault(power ? WorldFault::kPowerLoss : WorldFault::kProcessKill);
  core_.Record(EventKind::kCrash, boot_->actor, static_cast<uint64_t>(kind));
  if (core_.tracing()) core_.TraceEvent(EventKind::kCrash, boot_->actor, CrashKindName(kind));
  EndBoot(kind, true);
}

/// The process ended before, but what it wrote without syncing lived on in the machine's memory.
void SimNode::LosePowerWhileDown() {
  if (boots_ == 0 || !powered_) return;
  core_.CountFault(WorldFault::kPowerLoss);
  core_.Record(EventKind::kCrash, actor_, static_cast<uint64_t>(CrashKind::kPowerLoss));
  if (core_.tracing()) core_.TraceEvent(EventKind::kCrash, actor_, "power_loss while no process ran");
  disk_->LosePower();
  powered_ = false;
}

void SimNode::CrashAtDiskMutation(uint64_t k, CrashKind kind) {
  if (!up()) return;
  crash_in_disk_ = kind;
  disk_->FreezeAtMutation(k);
}

void SimNode::EndBoot(CrashKind kind, bool tell_network) {
  boot_->Fence();
  if (kind == CrashKind::kPowerLoss) {
    disk_->LosePower();
    powered_ = false;
  } else {
    disk_->KillProcess();
  }
  disk_->FreezeAtMutation(0);
  crash_in_disk_.reset();
  core_.queue.Cancel(wake_.get());
  core_.queue.Cancel(background_.get());
  background_parked_ = false;
  backlog_.clear();
  paused_ = false;
  if (tell_network) {
    core_.network->OnDown(*this, kind);
    core_.streams->OnDown(*this, kind);
  }
  boot_.reset();
}

void SimNode::TearDown() {
  if (!up()) return;
  boot_->Fence();
  EndBoot(CrashKind::kProcessKill, false);
}

void SimNode::FinishExit() {
  const Status reason = *boot_->process.reason();
  core_.Record(EventKind::kExit, boot_->actor, static_cast<uint64_t>(reason.code()));
  if (core_.tracing()) core_.TraceEvent(EventKind::kExit, boot_->actor, reason.ToString());
  core_.exits.push_back(NodeExit{id_, boots_, Duration(core_.now()), reason});
  EndBoot(CrashKind::kProcessKill, true);
}

void SimNode::RequestStop() {
  if (!up()) return;
  core_.RecordFault(WorldFault::kGracefulStop, actor_, 0, "");
  const uint64_t boot = boots_;
  Deliver([this, boot] {
    if (up() && boots_ == boot && boot_->node != nullptr) boot_->node->RequestStop();
  });
}

void SimNode::Wipe() {
  ORRERY_ASSERT(!up());
  disk_->Wipe();
}

void SimNode::Pause() {
  if (!up() || paused_) return;
  paused_ = true;
  paused_at_ = clock_.MonotonicAt(core_.now());
  core_.RecordFault(WorldFault::kPause, actor_, 0, "");
  core_.queue.Cancel(wake_.get());
}

void SimNode::Resume() {
  if (!up() || !paused_) return;
  paused_ = false;
  core_.Record(EventKind::kFault, actor_, Hash64("resume"));
  core_.TraceEvent(EventKind::kFault, actor_, "resume");
  // The loop may have looked at its clock just before it stood still: what gathered is then handled at that time.
  const uint64_t word = core_.choices.Word(ChoiceStream::kClock, actor_.hash, static_cast<uint64_t>(core_.now()));
  if ((word & 1) != 0 && !core_.choices.calm(ChoiceStream::kClock)) {
    looked_at_ = paused_at_;
    core_.RecordFault(WorldFault::kLateTurn, actor_, static_cast<uint64_t>(paused_at_.nanos()), "");
  }
  Unpark();
}

std::string SimNode::DescribeState() const {
  if (!up()) return fmt::format("down after boot {}{}", boots_, powered_ ? "" : ", without power");
  return fmt::format("up, boot {}{}, {} fibers, backlog {}, clock {} s", boots_, paused_ ? ", paused" : "",
                     boot_->scheduler.fiber_count(), backlog_.size(), FormatSeconds(MonotonicNow().nanos()));
}

std::string SimNode::DescribeForCrash() const {
  return fmt::format("in node {} boot {} at virtual time {} s\n{}", actor_.name, boots_, FormatSeconds(core_.now()),
                     core_.Describe());
}

}  // namespace orrery::sim
