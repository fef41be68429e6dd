#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "raft/region/helper_queue.h"
#include "raft/region/inbox.h"
#include "raft/region/peer.h"
#include "raft/region/snapshot_receiver.h"
#include "raft/region/snapshot_sender.h"
#include "raft/region/state_hash.h"
#include "raft/region/transport.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/task.h"
#include "runtime/fiber/task_group.h"
#include "runtime/fiber/wait_queue.h"

namespace orrery {

/// What a store is made on. All outlive it.
struct StoreParts {
  Runtime& runtime;
  Engine& engine;
  Committer& committer;
  LogStore& logs;
  const RegionOptions& options;
  ClusterId cluster;
  StoreLife self;
  StoreObserver* observer;  ///< May be null.
};

/// All replicas of one store and the one fiber that drives them, a turn at a time: take what arrived (messages, ticks,
/// storage's words); let every region that has work hand its messages to the transport and its writes to one
/// batch; send; give the batch to the committer; apply what is committed; answer.
///
/// Regions that have nothing to do cost nothing: no fiber, no timer. Owned by the node.
class Store final : private RaftTransport::Listener,
                    private PeerHost,
                    private SnapshotReceiver::Listener,
                    private Receiver {
 public:
  explicit Store(const StoreParts& parts);
  /// Ends its fibers. Whoever still waits is not answered.
  ~Store() override;

  /// Reads back what the disk knows. kCorruption. Suspends.
  Status Load();
  /// Begins to take part.
  void Start();

  /// nullptr if this store has no replica of the region. Dies with the next suspension.
  Peer* Find(RegionId region);
  const std::map<RegionId, std::unique_ptr<Peer>>& peers() const { return peers_; }
  const StoreParts& parts() const { return parts_; }
  /// It has, or had, a replica with a configuration.
  bool EverInitialised() const;

  /// Founds the first region with these members, durably. Ok again for the same list. kAlreadyExists for another one,
  /// or if this store joined a cluster otherwise; kInvalidArgument if this store's life is not in it. Suspends.
  Status Initialise(RegionId region, const raft::ConfState& conf);

  struct Checksum {
    LogIndex applied;
    StateHash state;
  };
  /// Hashes a replica's present state. kNotMember; kBusy if too many are under way. Suspends.
  Result<Checksum> ComputeChecksum(RegionId region);

  /// Asks other members to take over what this store leads; true if it leads nothing. Does not suspend.
  bool HandOverLeaderships();
  /// Turns taken; for Status.
  uint64_t turns() const { return turns_; }

 private:
  struct Submission {
    WriteBatch batch;
    std::vector<PersistTicket> tickets;
  };
  struct StagedSnapshot {
    RegionId region;
    StoreLife from;
    raft::Message install;
  };

  // RaftTransport::Listener, Receiver (Channel::kSnapshot): take note.
  void OnFrame(Endpoint from, Bytes frame) override;
  void OnUnreachable(StoreId store) override;
  void OnMessage(Endpoint from, Bytes message) override;
  void OnDisconnect(Endpoint) override {}

  // PeerHost
  void MarkDirty(Peer& peer) override;
  void WantSnapshotSent(Peer& peer, const raft::Message& request) override;
  void WantInstalled(Peer& peer, raft::Ready ready) override;
  void WantDestroyed(Peer& peer) override;
  bool WantStateHashed(Peer& peer, LogIndex index, Bytes replicated_extras,
                       std::unique_ptr<EngineSnapshot> snapshot) override;

  // SnapshotReceiver::Listener
  bool MayReceive(RegionId region, PeerId to) override;
  void OnStaged(RegionId region, const StoreLife& from, const raft::Message& install) override;

  // store.cc
  Status LoadTombstones();
  void Run();
  void Wake();
  bool HasInput() const;
  void TakeInput();
  void TickIfDue();
  void Turn();
  bool Submit(Submission submission);
  void Touch(RegionId region);

  // store_messages.cc
  void DispatchFrame(ByteView frame);
  void DispatchRaft(const StoreLife& from, RegionId region, ByteView bytes);
  void DispatchSnapshot(Bytes bytes);
  Peer* FindOrCreate(const StoreLife& from, RegionId region, const raft::Message& message);
  Peer* CreatePeer(RegionId region, PeerId id);
  bool MayCreate(RegionId region, PeerId id) const;

  // store_snapshots.cc
  void BeginSnapshotSends();
  void StepStaged();
  void Install(RegionId region, raft::Ready ready);
  void DestroyPeers();
  void DestroyPeer(RegionId region);
  void HashInBackground(RegionId region, PeerId peer, LogIndex index, const Bytes& extras,
                        std::unique_ptr<EngineSnapshot> snapshot);

  StoreParts parts_;
  RaftTransport transport_;
  StoreContext context_;
  std::map<RegionId, std::unique_ptr<Peer>> peers_;
  std::map<RegionId, PeerId> tombstones_;  ///< The largest peer given up.
  std::set<RegionId> leaving_;             ///< Destroyed, but not yet durably.

  // Input, in order of arrival.
  Inbox frames_;
  Inbox snapshot_messages_;
  std::set<StoreId> unreachable_;
  std::vector<PersistTicket> persisted_;
  std::vector<StagedSnapshot> staged_;
  std::set<RegionId> dirty_;
  std::set<RegionId> ticking_;
  std::set<RegionId> to_destroy_;
  std::vector<std::pair<RegionId, raft::Message>> snapshots_wanted_;

  WriteBatch carried_;                     ///< For the next batch: records of peers that were just created.
  std::optional<Submission> unsubmitted_;  ///< The committer's queue was full.
  Instant next_tick_ = Instant::Min();
  bool apply_blocked_ = false;
  uint64_t turns_ = 0;
  Mutex initialising_;

  WaitQueue wake_{"store loop"};
  bool awake_ = false;
  SnapshotSender sender_;
  SnapshotReceiver receiver_;
  HelperQueue helpers_;  ///< Installs and destructions.
  TaskGroup hashes_;
  size_t checksums_ = 0;  ///< Under way.
  Task loop_;
};

}  // namespace orrery
