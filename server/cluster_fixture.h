#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/admin_client.h"
#include "client/kv_client.h"
#include "raft/region/observer.h"
#include "server/store_config.h"
#include "sim/world.h"

namespace orrery {

/// Compares all replicas of a test cluster entry by entry, and remembers who leads.
class ReplicaWatch final : public StoreObserver {
 public:
  void OnApplied(RegionId region, PeerId peer, LogIndex index, Term term, uint64_t entry_hash) override;
  void OnSnapshotInstalled(RegionId region, PeerId peer, LogIndex index, Term term) override;
  void OnSnapshotSending(RegionId, StoreId) override {}
  void OnLeader(RegionId region, PeerId peer, Term term) override;
  void OnStarted(RegionId, const raft::RaftView&) override {}
  void OnView(RegionId, const raft::RaftView&, const raft::ConfState&) override {}
  void OnLease(RegionId, PeerId, Term, Instant) override {}
  void OnReadAsked(RegionId, PeerId, uint64_t) override {}
  void OnReadServed(RegionId, PeerId, uint64_t, LogIndex) override {}
  void OnLeaseRead(RegionId, PeerId, Term, LogIndex) override {}
  void OnStateHash(RegionId region, PeerId peer, LogIndex index, const StateHash& state) override;

  /// Sentences about replicas that disagreed.
  const std::vector<std::string>& violations() const { return violations_; }
  uint64_t snapshots() const { return snapshots_; }
  uint64_t hashes() const { return hashes_; }
  /// The leader of the newest term that had one.
  PeerId leader() const { return leaders_.empty() ? PeerId() : leaders_.rbegin()->second; }

 private:
  std::map<LogIndex, std::pair<Term, uint64_t>> applied_;
  std::map<LogIndex, uint64_t> state_hashes_;
  std::map<Term, PeerId> leaders_;
  std::vector<std::string> violations_;
  uint64_t snapshots_ = 0;
  uint64_t hashes_ = 0;
};

/// A cluster of stores and one client in the simulated world, with verbs for stories.
class Cluster {
 public:
  struct Options {
    uint64_t stores = 3;
    uint64_t seed = 1;
    /// Founding members: the first so many.
    uint64_t founders = 3;
    /// Calm: no buggify, constant latencies.
    bool calm = true;
    std::function<void(StoreOptions&)> tune = [](StoreOptions&) {};
  };

  Cluster() : Cluster(Options()) {}
  explicit Cluster(const Options& options);
  ~Cluster();

  /// What a client did: runs as a fiber of the client node until it returns. False if it did not within `limit`.
  using Story = std::function<void(KvClient&, AdminClient&)>;
  bool Run(const Story& story, Duration limit = seconds(60));
  /// The same for several at once.
  bool RunAll(const std::vector<Story>& stories, Duration limit = seconds(60));
  /// The client's clock.
  Instant Now();

  /// From within a story.
  Status Initialise(AdminClient& admin);

  // Each runs the world until the client has its answer.
  Status Initialise();
  Status Put(const Bytes& key, const Bytes& value);
  /// "<none>" for an absent key, "<CODE>" for an error.
  std::string Get(const Bytes& key);
  Status Change(std::vector<StoreId> add, std::vector<StoreId> remove);
  Result<ChecksumResponse> Checksum(StoreId store);
  Result<StatusResponse> StatusOf(StoreId store);
  /// The store that leads, once all agree; StoreId() if nobody does within a while.
  StoreId AwaitLeader();
  /// True once all of these stores report one checksum at one applied index.
  bool AwaitEqual(const std::vector<StoreId>& stores);
  void PutMany(uint64_t from, uint64_t to);

  void Crash(StoreId store, sim::CrashKind kind = sim::CrashKind::kPowerLoss);
  void Boot(StoreId store);
  void WipeDisk(StoreId store);
  /// From its next boot on, without StartMode::kNew.
  void StartAsExisting(StoreId store) { existing_.insert(store); }
  Member AsMember(StoreId store) const;

  sim::World& world() { return *world_; }
  ReplicaWatch& watch() { return watch_; }
  uint64_t ProbeCount(const std::string& name) const;

 private:
  StoreConfig ConfigOf(StoreId store) const;

  Options options_;
  std::set<StoreId> existing_;
  ReplicaWatch watch_;
  std::unique_ptr<sim::World> world_;
};

}  // namespace orrery
