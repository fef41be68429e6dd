#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "raft/core/raft.h"
#include "raft/region/callback.h"
#include "raft/region/envelope.h"
#include "raft/region/group_storage.h"
#include "raft/region/log_sizes.h"
#include "raft/region/options.h"
#include "raft/region/state_hash.h"
#include "raft/region/state_machine.h"
#include "runtime/base/time.h"
#include "storage/committer.h"
#include "storage/engine.h"
#include "storage/log_store.h"

namespace orrery {

struct Runtime;
class Peer;
class RaftTransport;
class StoreObserver;

/// What a store lends its peers. Outlives them.
struct StoreContext {
  Runtime& runtime;
  Engine& engine;
  Committer& committer;
  LogStore& logs;
  const RegionOptions& options;
  ClusterId cluster;
  StoreLife self;
  RaftTransport& transport;
  StoreObserver* observer;  ///< May be null.
};

/// What a peer cannot do alone. Called from within the peer's methods: implementations take note and act later, except
/// where said.
class PeerHost {
 public:
  virtual ~PeerHost() = default;

  /// The peer has work for the next turn.
  virtual void MarkDirty(Peer& peer) = 0;
  /// Raft wants `request.to` to have a snapshot.
  virtual void WantSnapshotSent(Peer& peer, const raft::Message& request) = 0;
  /// Raft accepted the staged snapshot that `ready` names: install it, then call Peer::OnInstalled.
  virtual void WantInstalled(Peer& peer, raft::Ready ready) = 0;
  /// The replica is no member any more, or was replaced: destroy it.
  virtual void WantDestroyed(Peer& peer) = 0;
  /// Hash `snapshot`, the state as of `index`, and call Peer::OnStateHashed. False: too much is being hashed, it never
  /// will.
  virtual bool WantStateHashed(Peer& peer, LogIndex index, Bytes replicated_extras,
                               std::unique_ptr<EngineSnapshot> snapshot) = 0;
};

/// Entries of one peer in a turn's batch: tell it when they are durable.
struct PersistTicket {
  RegionId region;
  PeerId peer;
  raft::ReadyNumber number;
};

/// What a leader hint is made of.
struct LeaderHint {
  StoreId store;  ///< Invalid if unknown.
  std::string address;
  Term term;
};

/// One replica of one region on one store: shell of one raft::Raft. No fiber and no timer of its own; the store's loop
/// drives it. Every method stands in the file of its operation: propose.cc, read.cc, ready.cc, apply.cc,
/// membership.cc, snapshot.cc, log_gc.cc, consistency.cc. Nothing suspends, but for what says so.
class Peer {
 public:
  using ProposalDone = Callback<void(Result<CommandOutcome>)>;
  using ReadDone = Callback<void(Status)>;

  /// The peer whose records stand in `log`. Call Load before anything else.
  Peer(const StoreContext& context, PeerHost& host, GroupLog& log);
  ~Peer();

  /// Reads back what the store knows of it. kCorruption. Suspends.
  Status Load();
  /// A peer that has never been: it waits for a leader's word. Its record goes into `batch`.
  void InitNew(WriteBatch& batch, PeerId id);

  // --- In: propose.cc, read.cc, membership.cc, ready.cc --------------------------------------------------------

  /// One tick of the store's clock.
  void Tick();
  /// A message from a peer on the store `from`.
  void Step(const StoreLife& from, const raft::Message& message);
  /// `command` is an encoded command. `done` is called once: with its outcome, or kNotLeader, kBusy (no effect), or
  /// kUnknownOutcome.
  void Propose(Bytes command, ProposalDone done);
  /// Calls `done` with ok when whatever this replica has applied by then includes everything that was acknowledged
  /// before this call. kNotLeader, kBusy, kTimeout.
  void ReadBarrier(Deadline deadline, ReadDone done);
  /// True if reading now, and asking LeaseHolds() after the value or the snapshot was taken, would be enough.
  bool MayReadByLease();
  /// Asks the clock afresh.
  bool LeaseHolds() const;

  /// Leader: where the next proposal will stand. What waits goes before it; holds until the next suspension.
  LogIndex NextProposalIndex();
  /// Leader: proposes a change. As raft::Raft::ProposeConfChange.
  Result<LogIndex> ProposeConfChange(const raft::ConfChange& change);
  Status TransferLeader(PeerId target);
  /// The follower with the longest log that may lead; invalid if there is none.
  PeerId BestTransferTarget() const;
  /// Leader: proposes to cut the log now, keeping nothing that everybody has.
  Status ForceCompact();
  void ReportUnreachable(StoreId store);
  void ReportSnapshotStatus(PeerId peer, bool delivered);
  /// All chunks of a snapshot are staged. True if Raft wants it installed: WantInstalled was or will be called.
  void StepSnapshot(const StoreLife& from, const raft::Message& install);
  /// The snapshot that WantInstalled named is durable. Suspends (reads the sessions back).
  Status OnInstalled(const raft::Ready& ready);
  /// Writes what the installation of `ready` needs besides the content.
  void PutInstalled(WriteBatch& batch, const raft::Ready& ready);
  void OnStateHashed(LogIndex index, const StateHash& state);
  /// A member on another store says that this peer was removed.
  void OnRemovedNotice();
  /// The replica is about to be destroyed: whoever waits is answered.
  void Retire();

  // --- A turn ---------------------------------------------------------------------------------------------------

  /// Hands what waits to Raft and takes its Readies: messages go to the transport, writes into `batch`.
  void CollectReady(WriteBatch& batch, std::vector<PersistTicket>& tickets);
  /// Applies what is committed and answers. May suspend (a compare-and-swap of a key that is not in memory).
  void ApplyCommitted();
  /// Everything up to `number` is durable.
  void OnPersisted(raft::ReadyNumber number);
  bool NeedsTick() const;
  bool HasWork() const;

  // --- Looking ----------------------------------------------------------------------------------------------------

  RegionId region() const { return log_.region(); }
  PeerId id() const { return storage_.region().self; }
  const raft::Raft& raft() const { return *raft_; }
  bool is_leader() const { return raft_->role() == raft::Role::kLeader; }
  /// Has a configuration: by Initialise or by a snapshot.
  bool initialised() const { return !conf_.members.empty(); }
  /// Of the state that readers see.
  LogIndex applied() const { return applied_; }
  const raft::ConfState& conf() const { return conf_; }
  /// The position of the last change of the membership that somebody asked for: leaving a joint configuration only ends
  /// one. After a start or an install, when that is not known, the position as of which the state was taken.
  LogIndex conf_since() const { return conf_since_; }
  /// What a snapshot taken now would be of. Requires: settled().
  raft::SnapshotMeta AppliedMeta() const { return {.index = applied_, .term = applied_term_, .conf = conf_}; }
  LeaderHint Leader() const;
  Status NotLeader() const;
  /// True while engine and sessions both are exactly as of applied(): always but while a batch is built, or waits for
  /// memory.
  bool settled() const { return !building_ && !blocked_; }
  bool installing() const { return installing_; }
  bool stopped() const { return stopped_; }
  /// Encoded sessions and configuration as of applied(), for hashing beside the data.
  Bytes ReplicatedExtras() const;
  size_t session_count() const { return machine_.sessions().size(); }
  uint64_t log_bytes() const { return log_sizes_.bytes(); }

 private:
  struct PendingCommand {
    Bytes command;
    ProposalDone done;
  };
  struct Proposal {
    LogIndex index;
    Term term;
    std::vector<ProposalDone> done;
  };
  struct WaitingRead {
    Deadline deadline;
    ReadDone done;
  };
  struct ReadRound {
    uint64_t context;
    uint32_t asked_ticks_ago = 0;
    std::vector<WaitingRead> reads;
  };
  struct IndexedRead {
    LogIndex index;
    uint64_t context;
    std::vector<WaitingRead> reads;
  };
  struct AppliedEntry {
    LogIndex index;
    Term term;
    uint64_t hash;
    std::vector<CommandOutcome> outcomes;
  };
  /// An apply batch on its way into the engine.
  struct ApplyBatch {
    WriteBatch writes;
    std::vector<AppliedEntry> entries;
    std::optional<raft::ConfState> conf;
    LogIndex conf_since;  ///< If conf is there.
    LogIndex compact_to;
    bool hash_state = false;
    std::vector<EntryEffects::Verify> verify;
  };

  // propose.cc
  void ProposePending();
  size_t ProposeSome(size_t from);
  void ResolveProposals(AppliedEntry& entry);
  void AbandonProposals(const Status& why, const Status& pending_why);

  // read.cc
  void AskForReads();
  void OnReadState(const raft::ReadState& state);
  void ServeReads();
  void FailReads(const Status& why);
  void TickReads();
  void OnHeartbeatLeaves(uint64_t round);
  void OnQuorumRound(uint64_t round);
  void ForgetLease();

  // ready.cc
  void TakeOneReady(WriteBatch& batch, std::vector<PersistTicket>& tickets);
  void OnSoftState(const raft::SoftState& state);
  void SendAll(const std::vector<raft::Message>& messages);
  void SendOne(const raft::Message& message);
  void AfterStep();
  bool StopIfFailed();
  void StopStore(const Status& why);

  // apply.cc
  bool BuildApplyBatch(ApplyBatch& batch);
  Status ApplyEntry(ApplyBatch& batch, const raft::Entry& entry);
  void PutSessions(WriteBatch& batch, LogIndex index);
  bool WriteApplyBatch();
  void FinishApplyBatch(ApplyBatch batch);
  Status LoadSessions();

  // membership.cc
  void AdoptConf(const raft::ConfState& conf, LogIndex since);
  bool SenderIsKnown(const StoreLife& from, const raft::Message& message);
  const StoreLife& RouteTo(PeerId peer) const;

  // log_gc.cc
  void TickLogGc();
  LogIndex SafeToCompact(uint64_t keep_entries) const;
  void ProposeCompact(LogIndex index);
  void CompactIfWanted(WriteBatch& batch);

  // consistency.cc
  void TickConsistency();
  void HashState();
  void VerifyHash(const EntryEffects::Verify& verify);
  void ProposeOwn(const CommandView& command);

  const StoreContext& context_;
  PeerHost& host_;
  GroupLog& log_;
  GroupStorage storage_;
  raft::RaftOptions raft_options_;
  std::unique_ptr<raft::Raft> raft_;
  KvStateMachine machine_;

  LogIndex applied_;
  Term applied_term_;
  raft::ConfState conf_;  ///< As of applied_.
  LogIndex conf_since_;
  std::map<PeerId, PeerAddress> members_;
  std::map<PeerId, StoreLife> routes_;  ///< Of peers that wrote to us from no configuration we know, or were members.

  std::vector<PendingCommand> pending_;
  size_t pending_bytes_ = 0;
  std::deque<Proposal> proposals_;

  std::vector<WaitingRead> new_reads_;
  std::deque<ReadRound> read_rounds_;
  std::deque<IndexedRead> indexed_reads_;
  size_t reads_ = 0;
  uint64_t read_context_;
  struct SentRound {
    uint64_t round;
    Instant at;
  };
  std::deque<SentRound> sent_rounds_;
  Instant lease_until_ = Instant::Min();

  raft::ReadyNumber persisted_;  ///< The last one Raft was told of.
  std::deque<raft::Entry> to_apply_;
  std::deque<raft::ConfAt> to_adopt_;
  bool building_ = false;  ///< An apply batch; it may suspend, with the sessions ahead of the engine.
  std::optional<ApplyBatch> blocked_;
  LogSizes log_sizes_;
  LogIndex compact_to_;
  uint32_t gc_ticks_ = 0;

  bool hashing_ = false;  ///< A walk for HashState is under way.
  std::optional<LogIndex> hashed_index_;
  uint64_t hashed_ = 0;
  std::vector<EntryEffects::Verify> to_verify_;
  uint64_t consistency_ticks_ = 0;

  std::optional<raft::Message> staged_install_;
  bool installing_ = false;
  bool stopped_ = false;
  raft::RaftView last_view_;
};

}  // namespace orrery
