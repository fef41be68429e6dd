#include "sim/node_boot.h"

#include <fmt/core.h>

#include "sim/disk/sim_disk.h"
#include "sim/rocks/sim_rocks_host.h"
#include "sim/sim_node.h"

namespace orrery::sim {
namespace {

constexpr double kFreshJumpProbability = 0.02;
constexpr uint64_t kFreshJumpDoublings = 13;  // 1 ms to 4 s.

/// For nodes without an engine.
class NoRocks final : public RocksHost {
 public:
  rocksdb::Env* env() override { ORRERY_UNREACHABLE("NodeOptions::has_engine is false"); }
  std::shared_ptr<rocksdb::Logger> logger() override { ORRERY_UNREACHABLE("NodeOptions::has_engine is false"); }
  std::string PathOf(const std::string& disk_path) override { return disk_path; }

 private:
  void Enter() override {}
  void Leave() override {}
};

}  // namespace

Instant SimClock::FreshNow() {
  if (core_.fresh_jumps && node_.in_turn() && probes_.Buggify("sim.clock.fresh_jump", kFreshJumpProbability)) {
    const uint64_t word = core_.choices.Word(ChoiceStream::kBuggify, actor_hash_, ++jumps_);
    const auto span = milliseconds(int64_t{1} << Choices::Scale(word, kFreshJumpDoublings));
    node_.JumpAhead(span);
    core_.RecordFault(WorldFault::kFreshJump, node_.actor(), static_cast<uint64_t>(span.count()),
                      fmt::format("{} ms within a turn", span.count()));
  }
  return node_.MonotonicNow();
}

WallTime SimClock::WallNow() {
  return node_.clock().WallAt(node_.turn_now());
}

bool SimLog::Enabled(LogLevel level) const {
  return core_.tracing() && level >= core_.options.trace->log_level();
}

void SimLog::Write(LogLevel level, std::string_view component, std::string_view message) {
  if (!Enabled(level)) return;
  constexpr const char* kMarks[] = {"debug", "info", "warn", "error"};
  const OutsideNode harness;
  core_.options.trace->Line(core_.now(), 0, actor_.name, "log",
                            fmt::format("{} {}: {}", kMarks[static_cast<int>(level)], component, message));
}

void SimProcess::Exit(Status reason) {
  if (reason_.has_value()) return;
  reason_ = std::move(reason);
  boot_.Fence();
}

NodeBoot::NodeBoot(WorldCore& core, SimNode& machine, uint64_t number)
    : actor(core.ActorOf(fmt::format("{}/boot{}", machine.actor().name, number))),
      scheduler(core.stacks, &core.fiber_rank),
      domain(scheduler, actor.name),
      probes(core.choices, actor.hash, core.probe_hits, core.bends),
      log(core, actor),
      clock(core, machine, probes, actor.hash),
      process(*this),
      network(core, *this),
      streams(core, *this),
      offload(core, machine, actor),
      runtime{scheduler,
              domain,
              clock,
              core.choices.Of(ChoiceStream::kNode, actor.name),
              network,
              streams,
              machine.disk(),
              offload,
              *MakeRocks(core, machine),
              addresses,
              probes,
              log,
              process},
      node_(machine),
      number_(number) {}

RocksHost* NodeBoot::MakeRocks(WorldCore& core, SimNode& machine) {
  if (!machine.options().has_engine) {
    rocks = std::make_unique<NoRocks>();
    return rocks.get();
  }
  auto host = std::make_unique<SimRocksHost>(
      SimRocksOptions{.disk = machine.disk(),
                      .random = core.choices.Of(ChoiceStream::kNode, actor.name).Split("rocks"),
                      .now = [&machine] { return machine.MonotonicNow(); },
                      .wall_now = [&machine] { return machine.clock().WallAt(machine.turn_now()); },
                      .log = &log});
  engine = host.get();
  rocks = std::move(host);
  return rocks.get();
}

NodeBoot::~NodeBoot() {
  ORRERY_ASSERT(fenced_);
  const InsideNode inside(&node_);
  domain.Kill();
  node.reset();
}

void NodeBoot::Fence() {
  if (fenced_) return;
  fenced_ = true;
  network.Close();
  streams.Close();
  offload.Fence();
  node_.disk().Freeze();
}

}  // namespace orrery::sim
