#include "sim/sim_offload.h"

#include <algorithm>

#include "runtime/fiber/completion.h"
#include "sim/disk/sim_disk.h"
#include "sim/sim_node.h"

namespace orrery::sim {

std::string_view LaneName(Lane lane) {
  switch (lane) {
    case Lane::kCommit: return "commit";
    case Lane::kRead: return "read";
    case Lane::kBackground: return "background";
  }
  return "unknown";
}

/// A job from Run() to the report. The queue and the report share it with the waiting fiber's frame, which may
/// leave first (a crash): then `done` is null.
struct SimOffload::Job {
  Job(Lane job_lane, FunctionRef<void()> job_code) : lane(job_lane), code(job_code) {}
  Lane lane;
  FunctionRef<void()> code;
  Completion* done = nullptr;
  bool took_effect = false;
};

class SimOffload::LaneQueue final : public Event {
 public:
  LaneQueue(WorldCore& core, SimNode& node, Actor& actor) : core_(core), node_(node), actor_(actor) {}
  ~LaneQueue() override { core_.queue.Cancel(this); }

  void Push(std::shared_ptr<Job> job) {
    jobs_.push_back(std::move(job));
    Arm();
  }
  void Arm() {
    if (queued() || jobs_.empty()) return;
    const auto& options = core_.options.offload;
    const int64_t start = std::max(core_.now(), free_at_) + Spread(options.start_min, options.start_spread);
    core_.Schedule(this, actor_, start + extra_.count());
    extra_ = Duration(0);
  }
  void Fire() override {
    if (node_.paused() || node_.disk().stuck()) return;  // Parked: Unpark() arms again.
    RunHead();
    node_.Settle();  // May destroy this.
  }
  void RunHead() {
    const std::shared_ptr<Job> job = jobs_.front();
    jobs_.pop_front();
    core_.Record(EventKind::kJobEffect, actor_, ++count_);
    if (core_.tracing()) core_.TraceEvent(EventKind::kJobEffect, actor_, fmt::format("job {}", count_));
    core_.last_activity = core_.now();
    job->took_effect = true;
    const Duration cost = node_.RunBeside(job->code);
    free_at_ = core_.now() + cost.count();
    Report(job, count_);
    Arm();
  }
  /// Runs the queue up to `job`, now: its fiber is dying and the process is not.
  void Hurry(const std::shared_ptr<Job>& job) {
    while (!job->took_effect) RunHead();
    if (jobs_.empty()) core_.queue.Cancel(this);
  }
  void Drop() {
    jobs_.clear();
    core_.queue.Cancel(this);
  }
  void Delay(Duration span) { extra_ = std::max(extra_, span); }
  bool Idle() const { return jobs_.empty() && core_.now() >= free_at_; }

 private:
  int64_t Spread(Duration least, Duration spread) {
    if (core_.choices.calm(ChoiceStream::kOffload)) return least.count();
    const uint64_t word = core_.choices.Word(ChoiceStream::kOffload, actor_.hash, ++choices_);
    return least.count() + static_cast<int64_t>(Choices::Scale(word, static_cast<uint64_t>(spread.count())));
  }
  void Report(const std::shared_ptr<Job>& job, uint64_t number) {
    const auto& options = core_.options.offload;
    const int64_t at = free_at_ + Spread(options.report_min, options.report_spread);
    SimNode* node = &node_;
    Actor* actor = &actor_;
    WorldCore* core = &core_;
    const uint64_t boot = node_.boots();
    core_.After(actor_, at, [=] {
      if (node->boots() != boot) return;
      node->Deliver([=] {
        if (job->done == nullptr) return;
        core->Record(EventKind::kJobDone, *actor, number);
        if (core->tracing()) core->TraceEvent(EventKind::kJobDone, *actor, fmt::format("job {}", number));
        job->done->Complete();
      });
    });
  }

  WorldCore& core_;
  SimNode& node_;
  Actor& actor_;
  std::deque<std::shared_ptr<Job>> jobs_;
  int64_t free_at_ = 0;
  uint64_t count_ = 0;
  uint64_t choices_ = 0;
  Duration extra_{0};
};

SimOffload::SimOffload(WorldCore& core, SimNode& node, const Actor& boot_actor) : core_(core), node_(node) {
  for (int i = 0; i < kLaneCount; ++i) {
    const auto lane = static_cast<Lane>(i);
    Actor& actor = core.ActorOf(fmt::format("{}/lane-{}", boot_actor.name, LaneName(lane)));
    lanes_[static_cast<size_t>(i)] = std::make_unique<LaneQueue>(core, node, actor);
  }
}

SimOffload::~SimOffload() = default;

void SimOffload::Run(Lane lane, FunctionRef<void()> code) {
  const auto job = std::make_shared<Job>(lane, code);
  Completion done([this, job] { Withdraw(job); });
  job->done = &done;
  if (!fenced_) lanes_[static_cast<size_t>(lane)]->Push(job);
  done.Wait();
  job->done = nullptr;
}

void SimOffload::Withdraw(const std::shared_ptr<Job>& job) {
  job->done = nullptr;
  if (!fenced_) lanes_[static_cast<size_t>(job->lane)]->Hurry(job);
}

void SimOffload::Fence() {
  fenced_ = true;
  for (const auto& lane : lanes_) lane->Drop();
}

void SimOffload::Unpark() {
  for (const auto& lane : lanes_) lane->Arm();
}

void SimOffload::DelayNextJob(Lane lane, Duration span) {
  lanes_[static_cast<size_t>(lane)]->Delay(span);
}

bool SimOffload::Idle() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->Idle(); });
}

}  // namespace orrery::sim
