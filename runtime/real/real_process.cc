#include "runtime/real/real_process.h"

#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/address_book.h"
#include "runtime/base/probe.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/stack_pool.h"
#include "runtime/process.h"
#include "runtime/real/os_random.h"
#include "runtime/real/real_clock.h"
#include "runtime/real/real_disk.h"
#include "runtime/real/real_log.h"
#include "runtime/real/real_network.h"
#include "runtime/real/real_offload.h"
#include "runtime/real/real_rocks_host.h"
#include "runtime/real/real_stream.h"

namespace orrery {
namespace {

/// The first reason to end; from any thread.
class RealExit final : public Process {
 public:
  explicit RealExit(boost::asio::io_context& io) : io_(io) {}

  void Exit(Status reason) override {
    {
      const std::lock_guard lock(mutex_);
      if (reason_.has_value()) return;
      reason_ = std::move(reason);
    }
    ended_.store(true, std::memory_order_release);
    boost::asio::post(io_, [] {});  // Wakes the loop.
  }

  const std::atomic<bool>& ended() const { return ended_; }
  Status reason() const {
    const std::lock_guard lock(mutex_);
    return *reason_;
  }

 private:
  boost::asio::io_context& io_;
  mutable std::mutex mutex_;
  std::optional<Status> reason_;
  std::atomic<bool> ended_ = false;
};

/// Hosts the body of RunFiber.
class FiberNode final : public Node {
 public:
  FiberNode(Runtime& runtime, std::function<Status(Runtime&)> body) : process_(runtime.process) {
    task_ = runtime.domain.Spawn("main", [&runtime, body = std::move(body)] { runtime.process.Exit(body(runtime)); });
  }
  void RequestStop() override { process_.Exit(Status(StatusCode::kCancelled, "stopped by request")); }

 private:
  Process& process_;
  Task task_;
};

Status CheckOptions(const RealOptions& options) {
  const auto invalid = [](const char* what) { return Status(StatusCode::kInvalidArgument, what); };
  if (!options.cluster.valid()) return invalid("the cluster id is missing");
  if (!options.node.valid()) return invalid("the node id is missing");
  if (options.network.queue_bytes_max == 0) return invalid("network.queue_bytes_max must be positive");
  if (options.network.backoff_min <= Duration::zero() || options.network.backoff_max < options.network.backoff_min) {
    return invalid("network.backoff_min must be positive and at most backoff_max");
  }
  return Status::Ok();
}

}  // namespace

/// Members in the order of their making; torn down the other way round.
struct RealProcess::World {
  World(const RealOptions& real_options, std::unique_ptr<RealLog> real_log, std::optional<DirectoryLock> directory_lock)
      : options(real_options),
        log(std::move(real_log)),
        lock(std::move(directory_lock)),
        domain(scheduler, "node " + ToString(real_options.node)),
        disk(real_options.data_directory, &process.ended()),
        streams(io, process.ended()),
        offload(io),
        rocks(real_options.data_directory, *log) {
    for (const auto& [peer, address] : options.addresses) addresses.Set(peer, address);
    scheduler.FireTimers(clock.Now());
  }
  ~World() { TearDown(false); }

  void Loop();
  void Turn();
  void TearDown(bool flush);
  void AwaitSignal();
  void OnSignal(int number);
  void RequestStop();

  RealOptions options;
  std::unique_ptr<RealLog> log;
  std::optional<DirectoryLock> lock;
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  boost::asio::signal_set signals{io};
  StackPool stacks;
  RealClock clock;
  Scheduler scheduler{stacks};
  RealExit process{io};
  Domain domain;
  NoProbes probes;
  AddressBook addresses;
  RealDisk disk;
  RealStreamTransport streams;
  RealOffload offload;
  RealRocksHost rocks;
  std::unique_ptr<RealNetwork> network;
  std::optional<Runtime> runtime;
  std::vector<std::function<void()>> posted;
  std::unique_ptr<Node> node;
  bool stop_requested = false;
  int signals_seen = 0;
  bool torn_down = false;
};

Result<std::unique_ptr<RealProcess>> RealProcess::Create(const RealOptions& options) {
  ORRERY_RETURN_IF_ERROR(CheckOptions(options));
  ORRERY_ASSIGN_OR_RETURN(std::unique_ptr<RealLog> log, RealLog::Open(options.log));
  std::optional<DirectoryLock> lock;
  if (!options.data_directory.empty()) {
    ORRERY_ASSIGN_OR_RETURN(lock, DirectoryLock::Take(options.data_directory));
  }
  auto world = std::make_unique<World>(options, std::move(log), std::move(lock));
  const Random random(options.random_key.has_value() ? *options.random_key : OsRandomU64());
  const RealNetwork::Parts parts{
      .io = world->io,
      .scheduler = world->scheduler,
      .clock = world->clock,
      .addresses = world->addresses,
      .log = *world->log,
      .random = Random(OsRandomU64()),
      .ended = world->process.ended(),
  };
  ORRERY_ASSIGN_OR_RETURN(world->network, RealNetwork::Open(options, parts));
  World& w = *world;
  w.runtime.emplace(Runtime{w.scheduler, w.domain, w.clock, random.Split("node"), *w.network, w.streams, w.disk,
                            w.offload, w.rocks, w.addresses, w.probes, *w.log, w.process});
  return std::unique_ptr<RealProcess>(new RealProcess(std::move(world)));
}

RealProcess::RealProcess(std::unique_ptr<World> world) : world_(std::move(world)) {}

RealProcess::~RealProcess() = default;

Status RealProcess::Run(const NodeFactory& factory) {
  World& world = *world_;
  ORRERY_ASSERT_THAT(!world.torn_down, "a RealProcess runs once");
  world.clock.BeginTurn();
  world.scheduler.FireTimers(world.clock.Now());
  if (world.options.handle_signals) world.AwaitSignal();
  world.node = factory(*world.runtime);
  if (world.stop_requested) world.node->RequestStop();
  world.Loop();
  const Status reason = world.process.reason();
  world.TearDown(reason.ok());
  return reason;
}

Status RealProcess::RunFiber(std::function<Status(Runtime&)> body) {
  return Run([&](Runtime& runtime) { return std::make_unique<FiberNode>(runtime, std::move(body)); });
}

void RealProcess::World::Loop() {
  while (!process.ended().load(std::memory_order_acquire)) {
    Turn();
    if (process.ended().load(std::memory_order_acquire)) break;
    if (!scheduler.HasReady() && !network->HasWork()) {
      const Instant next = scheduler.NextTimer();
      if (next == Instant::Max()) {
        io.run_one();
      } else {
        io.run_one_for(next - clock.FreshNow());
      }
    }
    io.poll();
  }
}

void RealProcess::World::Turn() {
  clock.BeginTurn();
  scheduler.FireTimers(clock.Now());
  std::vector<std::function<void()>> calls;
  calls.swap(posted);
  for (const auto& call : calls) call();
  network->Deliver();
  scheduler.RunReady();
  network->Flush();
}

void RealProcess::World::TearDown(bool flush) {
  if (torn_down) return;
  torn_down = true;
  process.Exit(Status(StatusCode::kCancelled, "never run"));  // If it never ended otherwise: the fence.
  if (network != nullptr) network->Close(flush);
  offload.Stop();
  domain.Kill();
  node.reset();
  posted.clear();
  boost::system::error_code ignored;
  signals.cancel(ignored);
  io.poll();  // Operations of closed sockets end.
}

void RealProcess::World::AwaitSignal() {
  if (signals_seen == 0) {
    signals.add(SIGTERM);
    signals.add(SIGINT);
  }
  signals.async_wait([this](const boost::system::error_code& error, int number) {
    if (!error) OnSignal(number);
  });
}

void RealProcess::World::OnSignal(int number) {
  if (++signals_seen > 1) ::_exit(128 + number);
  AwaitSignal();
  posted.emplace_back([this] { RequestStop(); });
}

void RealProcess::World::RequestStop() {
  if (stop_requested) return;
  stop_requested = true;
  ORRERY_LOG(*log, LogLevel::kInfo, "process", "asked to stop");
  if (node != nullptr) node->RequestStop();
}

void RealProcess::RequestStop() {
  Post([world = world_.get()] { world->RequestStop(); });
}

void RealProcess::Post(std::function<void()> function) {
  boost::asio::post(world_->io, [world = world_.get(), function = std::move(function)]() mutable {
    world->posted.push_back(std::move(function));
  });
}

void RealProcess::Kill() {
  world_->process.Exit(Status(StatusCode::kCancelled, "killed"));
}

Runtime& RealProcess::runtime() {
  return *world_->runtime;
}

const std::string& RealProcess::listen_address() const {
  return world_->network->listen_address();
}

const NetworkCounters& RealProcess::network_counters() const {
  return world_->network->counters();
}

Status RealProcess::LastConnectError(NodeId node) const {
  return world_->network->LastConnectError(node);
}

}  // namespace orrery
