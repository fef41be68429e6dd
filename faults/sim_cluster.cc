#include "faults/sim_cluster.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/runtime.h"
#include "server/node.h"

namespace orrery::faults {
namespace {

const ClusterId kSimulatedCluster{7};

constexpr Duration kOperatorAttempt = milliseconds(1000);
constexpr Duration kInitialisePatience = seconds(120);
constexpr Duration kChangeAttempt = seconds(10);
constexpr Duration kChangePatience = seconds(600);
constexpr Duration kTransferPatience = seconds(5);
constexpr Duration kRetryPause = milliseconds(200);
constexpr Duration kRestartAfterExit = milliseconds(500);
constexpr size_t kOperatorJobsMax = 4;

/// Whether errors of the disk were injected, after which a store may rightly stop.
bool SawDiskErrors(const sim::SimDisk& disk) {
  using sim::DiskFault;
  uint64_t errors = 0;
  for (const DiskFault fault :
       {DiskFault::kWriteError, DiskFault::kShortWrite, DiskFault::kReadError, DiskFault::kSyncError,
        DiskFault::kDirectorySyncError, DiskFault::kNoSpace, DiskFault::kMidOperation}) {
    errors += disk.fault_counts().at(static_cast<size_t>(fault));
  }
  return errors > 0;
}

std::optional<RaftLaws::Moment> MomentOf(const sim::World& world, StoreId store) {
  const std::optional<Instant> clock = world.ClockOf(NodeIdOf(store));
  if (!clock) return std::nullopt;
  return RaftLaws::Moment{.clock = *clock, .life = world.BootCount(NodeIdOf(store))};
}

/// Impatient clients find a new leader within the lease of the one before; patient ones stay with whom they know.
Duration AttemptTimeoutOf(Runtime& runtime) {
  constexpr Duration kTimeouts[] = {milliseconds(40), milliseconds(150), milliseconds(400), milliseconds(1000)};
  Random draw = runtime.random.Split("attempt_timeout");
  return kTimeouts[draw.Below(std::size(kTimeouts))];
}

void Pause(ClientHost& host, Duration span) {
  host.runtime().scheduler.SleepUntil(host.runtime().clock.Now() + span);
}

Deadline DeadlineIn(ClientHost& host, Duration span) {
  return Deadline::After(host.runtime().clock.Now(), span);
}

StateHash StateOf(const ChecksumResponse& answer) {
  return {.hash = answer.checksum, .pairs_hash = answer.pairs_checksum, .pairs = answer.pairs};
}

}  // namespace

SimCluster::SimCluster(sim::World& world, const ClusterShape& shape)
    : world_(world),
      shape_(shape),
      oracle_([&world](StoreId store) { return MomentOf(world, store); }),
      durability_([this](std::string law, std::string words) { oracle_.Break(std::move(law), std::move(words)); }),
      clients_(shape.clients, nullptr) {
  for (uint64_t id = 1; id <= shape.stores + shape.spares; ++id) {
    stores_.push_back(StoreId(id));
    if (id <= shape.stores) members_.insert(StoreId(id));
  }
  for (const StoreId store : stores_) AddStore(store);
  const std::vector<StoreId> founders(members_.begin(), members_.end());
  world.AddNode(kOperatorNode,
                [this, founders](Runtime& runtime) {
                  auto host = std::make_unique<ClientHost>(runtime, founders, kOperatorAttempt);
                  operator_ = host.get();
                  return host;
                },
                {.name = "operator", .has_engine = false});
  for (uint32_t i = 0; i < shape.clients; ++i) {
    world.AddNode(ClientNode(i),
                  [this, founders, i](Runtime& runtime) {
                    auto host = std::make_unique<ClientHost>(runtime, founders, AttemptTimeoutOf(runtime));
                    clients_[i] = host.get();
                    return host;
                  },
                  {.name = "client" + std::to_string(i), .has_engine = false});
  }
  world.AddNode(kStrangerNode,
                [this, founders](Runtime& runtime) {
                  auto host = std::make_unique<ClientHost>(runtime, founders, kOperatorAttempt);
                  stranger_ = host.get();
                  return host;
                },
                {.name = "stranger", .has_engine = false});
  world.OnExit([this](const sim::NodeExit& exit) { OnExit(exit); });
  world.BootAll();
}

void SimCluster::AddStore(StoreId store) {
  fresh_.insert(store);
  world_.AddNode(NodeIdOf(store), [this, store](Runtime& runtime) {
    StoreConfig config{.cluster = kSimulatedCluster,
                       .store = store,
                       .address = AddressOf(store),
                       .start = fresh_.contains(store) ? StartMode::kNew : StartMode::kExisting,
                       .options = shape_.options,
                       .observer = oracle_.ObserverOf(store),
                       .commit_observer = durability_.Watch(store, world_.DiskOf(NodeIdOf(store)))};
    return CreateNode(runtime, config);
  });
}

void SimCluster::Initialise() {
  if (shape_.slow_founder.valid()) world_.SetDiskSlow(NodeIdOf(shape_.slow_founder), shape_.slow_founder_factor);
  Enqueue([this](ClientHost& host) {
    std::vector<Member> founders;
    for (const StoreId store : members_) founders.push_back(Member{.store = store, .address = AddressOf(store)});
    const Deadline patience = DeadlineIn(host, kInitialisePatience);
    while (!host.admin().Initialise(kSimulatedCluster, founders, patience).ok()) {
      if (patience.PassedAt(host.runtime().clock.Now())) return;  // The run ends without progress, which says so.
      Pause(host, kRetryPause);                                   // A store may be busy; asking again is harmless.
    }
    for (const StoreId store : members_) fresh_.erase(store);
    initialised_ = true;
    if (shape_.slow_founder.valid()) world_.SetDiskSlow(NodeIdOf(shape_.slow_founder), 1);
    if (!shape_.lying_fsync) return;
    for (const StoreId store : stores_) world_.DiskOf(NodeIdOf(store)).SetLyingSync(true);
  });
}

void SimCluster::RunOnOperator(FiberName name, std::function<void(ClientHost&)> body) {
  world_.RunInNode(kOperatorNode, [this, name, body = std::move(body)](Runtime&) { operator_->Spawn(name, body); });
}

void SimCluster::RunOnStranger(FiberName name, std::function<void(ClientHost&)> body) {
  world_.RunInNode(kStrangerNode, [this, name, body = std::move(body)](Runtime&) { stranger_->Spawn(name, body); });
}

bool SimCluster::MayDamage(StoreId store) const {
  if (!members_.contains(store)) return true;
  if (damaged_.contains(store)) return true;
  return damaged_.size() < (members_.size() - 1) / 2 && OperatorIdle();
}

void SimCluster::HoldDown(StoreId store, bool held) {
  if (held) {
    held_down_.insert(store);
  } else {
    held_down_.erase(store);
  }
}

void SimCluster::EnsureUp(StoreId store) {
  if (!world_.IsUp(NodeIdOf(store)) && !held_down_.contains(store)) world_.Boot(NodeIdOf(store));
}

void SimCluster::LoseDisk(StoreId store) {
  const NodeId node = NodeIdOf(store);
  world_.Crash(node, sim::CrashKind::kPowerLoss);
  world_.WipeDisk(node);
  ++disks_lost_[store];
  rotten_.erase(store);
  oracle_.OnDiskLost(store);
  oracle_.ForbidToRun(store, false);
  fresh_.insert(store);
  if (members_.contains(store)) {
    damaged_.insert(store);
    AskToReplace(store, store);
  }
  BootLater(store, kRestartAfterExit);
}

void SimCluster::OnExit(const sim::NodeExit& exit) {
  if (IsClientNode(exit.node)) return;
  const StoreId store = StoreOf(exit.node);
  if (!Explains(store, exit.reason)) {
    if (unexplained_exit_.empty()) {
      unexplained_reason_ = exit.reason;
      unexplained_exit_ = fmt::format("{} ended itself at {:.3f} s: {}", world_.NameOf(exit.node),
                                      static_cast<double>(exit.at.count()) / 1e9, exit.reason.ToString());
    }
    return;
  }
  const bool useless = exit.reason.code() == StatusCode::kCorruption || exit.reason.code() == StatusCode::kNotMember;
  if (useless) {
    LoseDisk(store);
  } else {
    BootLater(store, kRestartAfterExit);
  }
}

bool SimCluster::Explains(StoreId store, const Status& reason) {
  const sim::SimDisk& disk = world_.DiskOf(NodeIdOf(store));
  switch (reason.code()) {
    case StatusCode::kOk: return true;
    case StatusCode::kIoError:
    case StatusCode::kNoSpace: return SawDiskErrors(disk);
    case StatusCode::kCorruption: return rotten_.contains(store);
    case StatusCode::kNotMember: return !members_.contains(store);
    default: return false;
  }
}

void SimCluster::BootLater(StoreId store, Duration after) {
  const std::string name = fmt::format("boot/store{}/{}", store.value(), ++boots_asked_[store]);
  world_.Schedule(world_.Now() + after, name, [this, store] { EnsureUp(store); });
}

void SimCluster::Enqueue(OperatorJob job) {
  operator_jobs_.push_back(std::move(job));
  if (operator_busy_) return;
  operator_busy_ = true;
  world_.RunInNode(kOperatorNode,
                   [this](Runtime&) { operator_->Spawn("operator", [this](ClientHost& host) { RunOperator(host); }); });
}

void SimCluster::RunOperator(ClientHost& host) {
  while (!operator_jobs_.empty()) {
    const OperatorJob job = std::move(operator_jobs_.front());
    operator_jobs_.erase(operator_jobs_.begin());
    job(host);
  }
  operator_busy_ = false;
}

void SimCluster::AskToReplace(StoreId old_store, StoreId new_store) {
  Enqueue([this, old_store, new_store](ClientHost& host) { ReplaceUntilDone(host, old_store, new_store); });
}

void SimCluster::ReplaceUntilDone(ClientHost& host, StoreId old_store, StoreId new_store) {
  const Instant give_up = host.runtime().clock.Now() + kChangePatience;
  bool asked = false;
  bool done = false;
  while (host.runtime().clock.Now() < give_up) {
    const uint64_t lost_before = disks_lost_[new_store];
    const Result<IdentifyResponse> identity = host.admin().Identify(new_store, DeadlineIn(host, seconds(1)));
    const Result<MembersResponse> members = host.admin().Members(DeadlineIn(host, seconds(5)));
    if (identity.ok() && members.ok()) {
      const auto is_new = [&](const Member& member) {
        return member.store == new_store && member.incarnation == identity->incarnation &&
               member.role == MemberRole::kVoter;
      };
      const auto is_old = [&](const Member& member) {
        return member.store == old_store && !(old_store == new_store && is_new(member));
      };
      const std::vector<Member>& list = members->members;
      const bool arrived = std::any_of(list.begin(), list.end(), is_new);
      const bool left = std::none_of(list.begin(), list.end(), is_old);
      if (!std::exchange(asked, true)) CheckMembersStand(*members);
      // Who lost its disk since it was asked is no longer the one that arrived.
      done = arrived && left && !members->joint && disks_lost_[new_store] == lost_before;
      if (done) {
        membership_law_.Carried(*members);
        break;
      }
      std::vector<Member> add;
      if (!arrived) add.push_back(Member{.store = new_store, .address = AddressOf(new_store)});
      std::vector<StoreId> remove;
      if (!left) remove.push_back(old_store);
      host.admin().ChangeMembers(add, remove, DeadlineIn(host, kChangeAttempt)).IgnoreError();  // Looked at above.
    }
    Pause(host, kRetryPause);
    if (!members_.contains(old_store)) return membership_law_.GaveUp();  // Another change has made this one pointless.
  }
  if (!done) membership_law_.GaveUp();
  members_.erase(old_store);
  members_.insert(new_store);
  damaged_.erase(old_store);
  fresh_.erase(new_store);
  ++replaced_;
  if (rotten_.contains(new_store)) {
    // Hit again since its disk was lost: what it holds cannot be trusted either, and the budget goes on counting it.
    damaged_.insert(new_store);
    world_.Schedule(world_.Now(), fmt::format("hit again/store{}/{}", new_store.value(), replaced_),
                    [this, new_store] { LoseDisk(new_store); });
  } else {
    damaged_.erase(new_store);
  }
  if (old_store == new_store) return;
  // Whoever left may come back one day, as a new store.
  world_.Schedule(world_.Now(), fmt::format("retire/store{}/{}", old_store.value(), ++retirements_[old_store]),
                  [this, old_store] { LoseDisk(old_store); });
}

void SimCluster::AskToReadd(StoreId store) {
  Enqueue([this, store](ClientHost& host) { ReaddUntilDone(host, store); });
}

void SimCluster::Release(StoreId store) {
  if (!held_down_.contains(store)) return;
  HoldDown(store, false);
  BootLater(store, Duration(0));
}

/// The peer that leaves is named by its id: the one that comes has another, on the same disk.
void SimCluster::ReaddUntilDone(ClientHost& host, StoreId store) {
  const Instant give_up = host.runtime().clock.Now() + kChangePatience;
  std::optional<PeerId> leaving;
  bool asked = false;
  while (host.runtime().clock.Now() < give_up) {
    const Result<MembersResponse> members = host.admin().Members(DeadlineIn(host, seconds(5)));
    if (members.ok()) {
      const auto here = std::find_if(members->members.begin(), members->members.end(),
                                     [store](const Member& member) { return member.store == store; });
      const bool present = here != members->members.end();
      if (!std::exchange(asked, true)) CheckMembersStand(*members);
      if (present && !leaving) leaving = here->peer;
      if (!present) Release(store);
      const bool arrived = present && here->peer != leaving && here->role == MemberRole::kVoter;
      if (arrived && !members->joint) return membership_law_.Carried(*members);
      std::vector<Member> add;
      std::vector<StoreId> remove;
      if (present && here->peer == leaving) remove.push_back(store);
      if (!present || here->peer != leaving) add.push_back(Member{.store = store, .address = AddressOf(store)});
      host.admin().ChangeMembers(add, remove, DeadlineIn(host, kChangeAttempt)).IgnoreError();  // Looked at above.
    }
    Pause(host, kRetryPause);
  }
  membership_law_.GaveUp();
}

void SimCluster::CheckMembersStand(const MembersResponse& now) {
  const std::string words = membership_law_.Check(now);
  if (!words.empty()) oracle_.Break("membership-kept", words);
}

void SimCluster::AskToReplaceDamaged(StoreId store) {
  if (damaged_.contains(store) && !fresh_.contains(store)) LoseDisk(store);
}

void SimCluster::AskToTransfer(StoreId to) {
  if (operator_jobs_.size() >= kOperatorJobsMax) return;
  Enqueue([to](ClientHost& host) {
    host.admin().TransferLeader(to, DeadlineIn(host, kTransferPatience)).IgnoreError();  // It may not be possible.
  });
}

void SimCluster::AskToCompact(StoreId store) {
  if (operator_jobs_.size() >= kOperatorJobsMax) return;
  Enqueue([store](ClientHost& host) {
    const Bytes request = Encode(ChecksumRequest{.region = kFirstRegion});
    host.rpc()
        .Call(Endpoint{NodeIdOf(store)}, KvMethod::kCompactLog, request, DeadlineIn(host, kTransferPatience))
        .status()
        .IgnoreError();  // It may not be possible.
  });
}

void SimCluster::LookAtDisks() {
  for (const StoreId store : stores_) {
    const NodeId node = NodeIdOf(store);
    const sim::SimDisk& disk = world_.DiskOf(node);
    if (disk.failed_writes() == 0) continue;
    const FailedWriteLaw::View view{.up = world_.IsUp(node),
                                    .hindered = world_.IsPaused(node) || disk.stuck() || disk.slow(),
                                    .life = disk.life(),
                                    .failed_writes = disk.failed_writes(),
                                    .told = world_.BusyUntil(node)};
    const std::string words = failed_write_law_.Look(store, view, world_.Now());
    if (words.empty()) continue;
    const bool full = disk.first_failed_write() == StatusCode::kNoSpace;
    oracle_.Break("failed-write-ends-store", words, full ? "full" : "error");
  }
}

bool SimCluster::Whole() const {
  return damaged_.empty() && OperatorIdle() &&
         std::all_of(members_.begin(), members_.end(), [&](StoreId store) { return world_.IsUp(NodeIdOf(store)); });
}

std::string SimCluster::WhyNotWhole() const {
  std::string why = OperatorIdle() ? "" : " operator at work;";
  for (const StoreId store : damaged_) why += " store " + ToString(store) + " damaged;";
  for (const StoreId store : members_) {
    if (!world_.IsUp(NodeIdOf(store))) why += " store " + ToString(store) + " down;";
  }
  return why;
}

LogIndex SimCluster::Committed() const {
  LogIndex committed;
  for (const StoreId store : members_) {
    committed = std::max(committed, oracle_.StandingOf(store).value_or(ClusterOracle::Standing()).commit);
  }
  return committed;
}

std::string_view SimCluster::Standstill(Duration patience) {
  const LogIndex committed = Committed();
  world_.RunFor(patience);
  const auto up = [&](StoreId store) { return world_.IsUp(NodeIdOf(store)); };
  if (!std::all_of(members_.begin(), members_.end(), up)) return "store-down";
  bool led = false;
  bool installing = false;
  bool behind = false;
  for (const StoreId store : members_) {
    const ClusterOracle::Standing standing = oracle_.StandingOf(store).value_or(ClusterOracle::Standing());
    led = led || standing.leads;
    if (damaged_.contains(store)) continue;  // It waits for the operator.
    installing = installing || standing.installing;
    behind = behind || standing.applied < committed;
  }
  if (!led) return "no-leader";
  if (installing) return "installing";
  if (behind) return "member-behind";
  return OperatorIdle() ? "clients" : "operator";
}

void SimCluster::CompareReplicas(Duration patience, std::function<void(LawReport)> done) {
  Enqueue([this, patience, done = std::move(done)](ClientHost& host) {
    const Instant give_up = host.runtime().clock.Now() + patience;
    LawReport report;
    bool settled = false;
    const Result<MembersResponse> members = host.admin().Members(DeadlineIn(host, patience));
    if (members.ok()) CheckMembersStand(*members);
    while (!settled && host.runtime().clock.Now() < give_up) {
      report = CompareOnce(host, &settled);
      if (!settled) Pause(host, kRetryPause);
    }
    done(settled ? report : LawReport::Undecided("the replicas did not settle: " + report.words));
  });
}

/// All at once: an idle region writes, too, and a checksum takes its time.
Result<SimCluster::Checksums> SimCluster::AskChecksums(ClientHost& host) {
  std::vector<std::pair<StoreId, Result<ChecksumResponse>>> asked;
  for (const StoreId store : members_) asked.emplace_back(store, Status(StatusCode::kUnavailable, "not asked yet"));
  TaskGroup asking(host.runtime().domain, "checksums", static_cast<uint32_t>(asked.size()));
  for (auto& [store, answer] : asked) {
    asking.Spawn({"checksum", store.value()}, [&host, &store = store, &answer = answer] {
      answer = host.admin().Checksum(store, DeadlineIn(host, seconds(5)));
    });
  }
  asking.JoinAll();
  Checksums answers;
  Status first_error;
  for (const auto& [store, answer] : asked) {
    if (answer.ok()) {
      answers.emplace_back(store, *answer);
    } else if (first_error.ok()) {
      first_error = answer.status();
    }
  }
  if (!first_error.ok()) return first_error;
  return answers;
}

LawReport SimCluster::CompareOnce(ClientHost& host, bool* settled) {
  const Result<Checksums> asked = AskChecksums(host);
  if (!asked.ok()) return LawReport::Undecided(asked.status().ToString());
  const Checksums& answers = *asked;
  const auto led = std::find_if(answers.begin(), answers.end(),
                                [&](const auto& answer) { return answer.first == oracle_.leader(); });
  const auto& [first_store, first] = led == answers.end() ? answers.front() : *led;
  for (const auto& [store, answer] : answers) {
    if (answer.applied != first.applied) {
      return LawReport::Undecided(fmt::format("store {} has applied {}, store {} {}", first_store.value(),
                                              first.applied.value(), store.value(), answer.applied.value()));
    }
  }
  *settled = true;
  for (const auto& [store, answer] : answers) {
    if (answer.checksum != first.checksum) {
      return LawReport::Broken(
          "replica-divergence",
          fmt::format("at index {} store {} holds {} pairs (hash {:016x}), store {} {} pairs (hash {:016x})",
                      first.applied.value(), first_store.value(), first.pairs, first.checksum, store.value(),
                      answer.pairs, answer.checksum),
          std::string(DivergenceKind(StateOf(answer), StateOf(first))));
    }
  }
  return LawReport::Holds();
}

}  // namespace orrery::faults
