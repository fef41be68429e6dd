#include "server/cluster_fixture.h"

#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/fiber/task.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_transport.h"
#include "runtime/runtime.h"
#include "server/node.h"

namespace orrery {
namespace {

constexpr NodeId kClientNode(kClientNodeBit | 1);
constexpr ClusterId kCluster(77);

/// The client's process.
class ClientNode final : public Node {
 public:
  ClientNode(Runtime& runtime, ClientOptions options)
      : runtime_(runtime),
        transport_(RpcEnvironment::Of(runtime)),
        rpc_(transport_),
        kv_(runtime, rpc_, std::move(options)),
        admin_(runtime, rpc_, kv_) {}
  void RequestStop() override {}

  void Begin(const std::vector<Cluster::Story>& stories, size_t* done) {
    tasks_.clear();
    for (const Cluster::Story& story : stories) {
      tasks_.push_back(runtime_.domain.Spawn(FiberName("story", ++stories_), [this, &story, done] {
        story(kv_, admin_);
        ++*done;
      }));
    }
  }

 private:
  Runtime& runtime_;
  RpcTransport transport_;
  RpcClient rpc_;
  KvClient kv_;
  AdminClient admin_;
  uint64_t stories_ = 0;
  std::vector<Task> tasks_;
};

}  // namespace

void ReplicaWatch::OnApplied(RegionId, PeerId peer, LogIndex index, Term term, uint64_t entry_hash) {
  const auto [place, first] = applied_.try_emplace(index, term, entry_hash);
  if (first || place->second == std::pair(term, entry_hash)) return;
  violations_.push_back("peer " + ToString(peer) + " applied another entry at " + ToString(index));
}

void ReplicaWatch::OnSnapshotInstalled(RegionId, PeerId peer, LogIndex index, Term term) {
  ++snapshots_;
  const auto found = applied_.find(index);
  if (found == applied_.end() || found->second.first == term) return;
  violations_.push_back("peer " + ToString(peer) + " installed a snapshot of another term at " + ToString(index));
}

void ReplicaWatch::OnLeader(RegionId, PeerId peer, Term term) {
  const auto [place, first] = leaders_.try_emplace(term, peer);
  if (first || place->second == peer) return;
  violations_.push_back("peers " + ToString(peer) + " and " + ToString(place->second) + " both lead in term " +
                        ToString(term));
}

void ReplicaWatch::OnStateHash(RegionId, PeerId peer, LogIndex index, const StateHash& state) {
  ++hashes_;
  const auto [place, first] = state_hashes_.try_emplace(index, state.hash);
  if (first || place->second == state.hash) return;
  violations_.push_back("peer " + ToString(peer) + " has another state as of " + ToString(index));
}

Cluster::Cluster(const Options& options) : options_(options) {
  sim::WorldOptions world;
  world.choices.seed = options_.seed;
  if (options_.calm) world.choices.calm.fill(true);
  world_ = std::make_unique<sim::World>(world);
  ClientOptions client;
  for (uint64_t i = 1; i <= options_.stores; ++i) {
    const StoreId store(i);
    world_->AddNode(NodeIdOf(store), [this, store](Runtime& runtime) { return CreateNode(runtime, ConfigOf(store)); });
    client.stores.push_back(store);
  }
  world_->AddNode(kClientNode, [client](Runtime& runtime) { return std::make_unique<ClientNode>(runtime, client); },
                  {.has_engine = false});
  world_->BootAll();
}

Cluster::~Cluster() = default;

StoreConfig Cluster::ConfigOf(StoreId store) const {
  StoreConfig config;
  config.cluster = kCluster;
  config.store = store;
  config.address = AsMember(store).address;
  config.start = existing_.count(store) > 0 ? StartMode::kExisting : StartMode::kNew;
  config.options.region.tick = milliseconds(20);
  config.options.engine.block_cache_bytes = 1 << 20;
  config.options.engine.write_buffer_bytes = 1 << 20;
  config.options.engine.wal_bytes_max = 4 << 20;
  config.options.engine.file_bytes = 1 << 20;
  config.options.engine.level_base_bytes = 4 << 20;
  options_.tune(config.options);
  config.observer = const_cast<ReplicaWatch*>(&watch_);
  return config;
}

Member Cluster::AsMember(StoreId store) const {
  return Member{.store = store, .address = "10.0.0." + ToString(store) + ":7000"};
}

bool Cluster::Run(const Story& story, Duration limit) {
  return RunAll({story}, limit);
}

bool Cluster::RunAll(const std::vector<Story>& stories, Duration limit) {
  size_t done = 0;
  const bool begun = world_->RunInNode(
      kClientNode, [&](Runtime&) { static_cast<ClientNode*>(world_->NodeOf(kClientNode))->Begin(stories, &done); });
  return begun && world_->RunUntil([&] { return done == stories.size(); }, limit) == sim::RunOutcome::kConditionMet;
}

Instant Cluster::Now() {
  return world_->RuntimeOf(kClientNode).clock.Now();
}

Status Cluster::Initialise() {
  Status status(StatusCode::kTimeout, "the story did not end");
  Run([&](KvClient&, AdminClient& admin) { status = Initialise(admin); });
  return status;
}

Status Cluster::Initialise(AdminClient& admin) {
  std::vector<Member> founders;
  for (uint64_t i = 1; i <= options_.founders; ++i) founders.push_back(AsMember(StoreId(i)));
  return admin.Initialise(kCluster, founders, Deadline::After(Now(), seconds(30)));
}

namespace {
Deadline In(sim::World& world, Duration span) {
  return Deadline::After(world.RuntimeOf(kClientNode).clock.Now(), span);
}
}  // namespace

Status Cluster::Put(const Bytes& key, const Bytes& value) {
  Status status(StatusCode::kTimeout, "the story did not end");
  Run([&](KvClient& kv, AdminClient&) { status = kv.Put(key, value, In(*world_, seconds(20))); });
  return status;
}

void Cluster::PutMany(uint64_t from, uint64_t to) {
  Run(
      [&](KvClient& kv, AdminClient&) {
        for (uint64_t i = from; i < to; ++i) {
          kv.Put("key" + std::to_string(i), "value" + std::to_string(i), In(*world_, seconds(20))).IgnoreError();
        }
      },
      seconds(600));
}

std::string Cluster::Get(const Bytes& key) {
  std::string text = "<no end>";
  Run([&](KvClient& kv, AdminClient&) {
    const Result<std::optional<Bytes>> value = kv.Get(key, In(*world_, seconds(20)));
    if (!value.ok()) {
      text = "<" + std::string(StatusCodeName(value.code())) + ">";
    } else {
      text = value.value().value_or("<none>");
    }
  });
  return text;
}

Status Cluster::Change(std::vector<StoreId> add, std::vector<StoreId> remove) {
  Status status(StatusCode::kTimeout, "the story did not end");
  std::vector<Member> members;
  for (const StoreId store : add) members.push_back(AsMember(store));
  Run([&](KvClient&, AdminClient& admin) { status = admin.ChangeMembers(members, remove, In(*world_, seconds(50))); });
  return status;
}

Result<ChecksumResponse> Cluster::Checksum(StoreId store) {
  Result<ChecksumResponse> result = Status(StatusCode::kTimeout, "the story did not end");
  Run([&](KvClient&, AdminClient& admin) { result = admin.Checksum(store, In(*world_, seconds(2))); });
  return result;
}

Result<StatusResponse> Cluster::StatusOf(StoreId store) {
  Result<StatusResponse> result = Status(StatusCode::kTimeout, "the story did not end");
  Run([&](KvClient&, AdminClient& admin) { result = admin.GetStatus(store, In(*world_, seconds(2))); });
  return result;
}

StoreId Cluster::AwaitLeader() {
  for (int i = 0; i < 200; ++i) {
    for (uint64_t store = 1; store <= options_.stores; ++store) {
      if (!world_->IsUp(NodeIdOf(StoreId(store)))) continue;
      const Result<StatusResponse> status = StatusOf(StoreId(store));
      if (status.ok() && status.value().role == PeerRole::kLeader) return StoreId(store);
    }
    world_->RunFor(milliseconds(50));
  }
  return StoreId();
}

bool Cluster::AwaitEqual(const std::vector<StoreId>& stores) {
  for (int i = 0; i < 200; ++i) {
    std::set<std::pair<LogIndex, uint64_t>> seen;
    bool all = true;
    for (const StoreId store : stores) {
      const Result<ChecksumResponse> checksum = Checksum(store);
      all &= checksum.ok();
      if (checksum.ok()) seen.insert({checksum.value().applied, checksum.value().checksum});
    }
    if (all && seen.size() == 1) return true;
    world_->RunFor(milliseconds(100));
  }
  return false;
}

void Cluster::Crash(StoreId store, sim::CrashKind kind) {
  world_->Crash(NodeIdOf(store), kind);
}

void Cluster::Boot(StoreId store) {
  world_->Boot(NodeIdOf(store));
}

void Cluster::WipeDisk(StoreId store) {
  world_->WipeDisk(NodeIdOf(store));
}

uint64_t Cluster::ProbeCount(const std::string& name) const {
  const std::map<std::string, uint64_t> hits = world_->ProbeHits();
  const auto found = hits.find(name);
  return found == hits.end() ? 0 : found->second;
}

}  // namespace orrery
