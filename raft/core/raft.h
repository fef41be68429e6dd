#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "raft/core/conf_state.h"
#include "raft/core/log_reader.h"
#include "raft/core/options.h"
#include "raft/core/progress.h"
#include "raft/core/raft_log.h"
#include "raft/core/ready.h"
#include "raft/core/types.h"
#include "runtime/base/bytes.h"
#include "runtime/base/function_ref.h"

namespace orrery::raft {

/// A cheap look at one peer for checkers, metrics and logs.
struct RaftView {
  PeerId id;
  Role role = Role::kFollower;
  PeerId leader;
  Term term;
  PeerId vote;
  LogIndex first_index;
  LogIndex last_index;
  Term last_term;
  LogIndex persisted;
  LogIndex commit;
  LogIndex handed;
  LogIndex applied;
  PeerId transferee;
  uint64_t heartbeat_round = 0;
  uint64_t quorum_round = 0;
  /// Leader: the position of the first entry of its term; else zero.
  LogIndex term_start;
  /// Leader: reads that wait for a round which has begun.
  uint64_t reads_in_round = 0;
  /// Leader: the position of the read that has waited longest; zero: none waits, or it has none yet.
  LogIndex read_position;
  bool in_joint = false;
  /// The Ready that carries, or will carry, this term and vote; zero: storage had them from the start.
  ReadyNumber term_ready;
  /// The last Ready known to be persisted.
  ReadyNumber persisted_ready;
  /// What term and vote say survives a crash.
  bool term_durable() const { return term_ready <= persisted_ready; }
  /// A snapshot takes the place of the log and is not durable: positions are what they will be.
  bool installing = false;
  /// MayServeLease().
  bool may_serve_lease = false;
};

/// Raft for one group, as a value: no clock, disk, network, fiber or random number inside. Time arrives as Tick(), the
/// world as Step(), storage's word as Advance(); effects leave through TakeReady(). Equal calls give
/// equal effects. Copy it to look into the future; encode it (AppendCanonical) to compare two states.
///
/// Follows Ongaro's thesis (2014): elections with pre-vote (9.6) and check-quorum, leader transfer (3.10), joint
/// consensus (4.3) with learners (4.2.1), read index (6.4) and what a shell needs for lease reads (6.4.1), the leader's
/// own write in parallel with replication (10.2.1). A configuration takes effect when it is applied.
///
/// The shell owns the LogReader and the options (both outlive this), drives every call from one thread, and after any
/// call asks HasReady(). Errors that are ordinary answers come back as Status; a broken promise of the shell (an
/// Advance out of order, a tick from nowhere) is an assertion; storage that cannot be read stops the
/// peer (failure()).
///
/// One file per operation: election.cc, replication.cc, read_index.cc, conf_change.cc, snapshot.cc, transfer.cc.
class Raft {
 public:
  /// Requires: options.Validate().ok(), log.Initial().conf.Check().ok(). `seed` only decides election timeouts: give
  /// each peer its own.
  Raft(PeerId id, const RaftOptions& options, const LogReader& log, uint64_t seed);

  // --- In ---------------------------------------------------------------------------------------------------------

  /// One tick of the shell's clock passed.
  void Tick();
  /// A message arrived, from anybody, at any time, any number of times. kStaleTerm (the sender is behind; it is told
  /// where that helps), kWrongTarget (not addressed to this peer), kInvalidArgument (could not have been sent by a
  /// correct peer; nothing changed) or failure(). All may be ignored.
  Status Step(const Message& message);
  /// Leader: appends `command` and replicates it. Its position; it is committed only if the entry at that position
  /// that comes out of Ready::committed has the same term (term() now). kNotLeader (leader() may know better), kBusy
  /// (too much uncommitted, or leadership is being transferred), kTooLarge. An empty command is kInvalidArgument.
  Result<LogIndex> Propose(Payload command);
  /// As Propose. kConflict while another change is not applied, or joint and not kLeave; kUnavailable before this
  /// leader committed an entry of its own term (Ongaro, raft-dev 2015); kInvalidArgument from ApplyConfChange.
  Result<LogIndex> ProposeConfChange(const ConfChange& change);
  /// Asks for a position that covers everything committed before this call, confirmed by a quorum afterwards; it
  /// comes out as Ready::reads with the same context. A follower asks its leader. Nothing comes if a message is
  /// lost or the leader changes: retry under a new context (use none twice, not even across restarts). kNotLeader (no
  /// leader known), kBusy.
  Status ReadIndex(uint64_t context);
  /// Leader: hands leadership to `target`; repeated calls for one target change nothing. Proposals are refused until it
  /// happened or one election_ticks passed. kNotLeader, kInvalidArgument (no voter of the next configuration, itself).
  Status TransferLeader(PeerId target);
  /// A voter campaigns now, without pre-vote and without waiting: for tools and bootstrap. kUnavailable if it may not.
  Status Campaign();
  /// Storage's word. Returns the messages that waited for it: send them. Requires: persisted.number() was taken
  /// and is above the last one.
  [[nodiscard]] std::vector<Message> Advance(Persisted persisted);
  /// The state machine holds everything up to `index`: configuration changes up to there take effect.
  /// Requires: applied <= index <= handed out.
  void ReportApplied(LogIndex index);
  /// The transport could not deliver to `peer`: stop sending optimistically.
  void ReportUnreachable(PeerId peer);
  /// The stream of the snapshot asked for by InstallSnapshot ended, well or not.
  void ReportSnapshotStatus(PeerId peer, bool delivered);

  // --- Out --------------------------------------------------------------------------------------------------------

  bool HasReady() const;
  /// Everything to do since the last one; may be empty. See Ready for the order of doing it.
  Ready TakeReady();

  // --- Looking ----------------------------------------------------------------------------------------------------

  RaftView View() const;
  PeerId id() const { return id_; }
  Role role() const { return role_; }
  PeerId leader() const { return leader_; }
  Term term() const { return term_; }
  LogIndex commit() const { return log_.commit(); }
  /// As of applied().
  const ConfState& conf() const { return *conf_; }
  const RaftLog& log() const { return log_; }
  /// One per member, sorted by peer. Leader only, else empty.
  const std::vector<Progress>& progress() const { return progress_; }
  /// True where a lease may be relied on at all: leader, check_quorum, an entry of its own term committed, and no
  /// TimeoutNow sent in this term (its receiver may depose this leader at any later moment). The shell adds the time.
  bool MayServeLease() const;
  /// False if ticks have no effect until something else happens (no voter here; or the only member, leading).
  bool NeedsTick() const;
  /// Ok, or why this peer stopped for good. Then it sends nothing, applies nothing and answers every call with it.
  const Status& failure() const { return failure_; }

  // --- Copying and comparing --------------------------------------------------------------------------------------

  /// After copying: reads from `log`, which must hold what the original's held.
  void Rebind(const LogReader& log) { log_.Rebind(log); }
  /// Every bit of state that can influence a later call, in one canonical form: equal bytes, equal futures (given equal
  /// options, seed and storage). `rename` maps peer ids, for symmetry reduction; identity if absent.
  using Rename = FunctionRef<PeerId(PeerId)>;
  void AppendCanonical(Bytes& out) const;
  /// `rename` must keep the invalid id. Entries of kind kConfChange and member contexts are not renamed: with
  /// configuration changes in the log, states of renamed peers differ although they need not.
  void AppendCanonical(Bytes& out, Rename rename) const;

 private:
  friend class RaftInvariants;

  /// What must be durable before a message may leave.
  enum class After : uint8_t {
    kTermDurable,  ///< Promises nothing: only the term it carries.
    kAllDurable,   ///< Promises what this peer knows now.
  };
  struct Held {
    ReadyNumber number;
    Message message;
  };
  /// A Ready taken and not yet persisted.
  struct Unpersisted {
    ReadyNumber number;
    /// The last position it stores that is still part of this log; zero: none.
    LogIndex last;
    /// The snapshot it installs; zero: none.
    LogIndex snapshot;
  };
  struct PendingRead {
    uint64_t context = 0;
    PeerId from;
    LogIndex index;
    uint64_t round = 0;  ///< Zero: not broadcast yet.
  };
  struct HandedPage {
    LogIndex last;
    size_t bytes = 0;
  };
  struct Ballot {
    PeerId peer;
    bool granted = false;
  };

  // raft.cc: sending, terms, roles.
  void Send(PeerId to, MessageBody body, After after);
  void Hold(ReadyNumber number, Message message);
  ReadyNumber NumberFor(After after) const;
  bool HasUntaken() const;
  bool TermDurable() const;
  /// The Ready that carries, or will carry, the present term and vote.
  ReadyNumber TermReady() const;
  void BecomeFollower(Term term, PeerId leader);
  void EnterTerm(Term term);
  void LeaveLeadership();
  void Fail(Status status);
  Status CheckStored(const InitialState& initial);
  void AcceptLeader(PeerId leader);
  Status HandleStaleTerm(const Message& message);
  Status Dispatch(const Message& message);

  // election.cc
  void TickElection();
  bool HasUnappliedConfChange();
  enum class CampaignKind : uint8_t { kPreVote, kElection, kTransfer };
  Status StartCampaign(CampaignKind kind);
  void RequestVotes(CampaignKind kind, Term campaign_term);
  void RecordVote(PeerId peer, bool granted);
  void DecideElection();
  void BecomeLeader();
  void OnTermDurable();
  bool ProtectsLeader(const VoteRequest& request) const;
  void HandlePreVoteRequest(const Message& message, const VoteRequest& request);
  void HandleVoteRequest(const Message& message, const VoteRequest& request);
  void HandleVoteResponse(const Message& message, const VoteResponse& response);
  void CheckQuorum();
  KnownCommit OwnCommit();
  void LearnCommit(const Message& message);

  // replication.cc
  void TickLeader();
  Status CheckProposable(size_t bytes) const;
  LogIndex AppendAsLeader(EntryKind kind, Payload payload);
  void BroadcastAppend();
  bool SendAppend(Progress& progress, bool even_if_empty);
  bool PrefersSnapshot(const Progress& progress) const;
  bool OnUnreadable(Progress& progress, Status status);
  void SendHeartbeats();
  void MaybeCommit();
  void AdvanceCommit(LogIndex index);
  void HandleAppend(const Message& message, const AppendRequest& request);
  void ForgetStoring(LogIndex index);
  void RejectAppend(PeerId to, const AppendRequest& request);
  void HandleAppendResponse(const Message& message, const AppendResponse& response);
  void OnRefused(Progress& progress, const AppendResponse& response);
  void OnAcknowledged(Progress& progress, LogIndex index);
  void HandleHeartbeat(const Message& message, const HeartbeatRequest& request);
  void HandleHeartbeatResponse(const Message& message, const HeartbeatResponse& response);
  Progress* FindProgress(PeerId peer);
  const Progress* FindProgress(PeerId peer) const;

  // read_index.cc
  Status AddRead(uint64_t context, PeerId from);
  bool ReadsWantRound() const;
  void StampReads();
  void UpdateQuorumRound();
  void ConfirmReads();
  void AnswerRead(const PendingRead& read);
  void HandleReadIndexRequest(const Message& message, const ReadIndexRequest& request);
  void HandleReadIndexResponse(const ReadIndexResponse& response);
  bool CommittedInTerm() const;
  uint64_t ReadsInRound() const;

  // conf_change.cc
  void AdoptConf(std::shared_ptr<const ConfState> conf);
  void CollectConfChanges(Ready& ready);
  void RebuildProgress();
  void ResignAsRemoved();
  void MaybeLeaveJoint();

  // snapshot.cc
  void SendSnapshot(Progress& progress);
  void HandleInstallSnapshot(const Message& message, const InstallSnapshot& install);

  // transfer.cc
  void HandleTimeoutNow();
  void SendTimeoutNow(PeerId target);
  void AbortTransfer();

  // ready.cc
  void TakeForStorage(Ready& ready);
  size_t ApplyBudget() const;
  std::vector<Message> ReleaseHeld();
  void TakeForApply(Ready& ready);
  void TakeNews(Ready& ready);
  SoftState soft_state() const { return SoftState{role_, leader_, term_}; }

  // canonical.cc
  void AppendCanonicalLog(Encoder& e, Rename rename) const;
  static void AppendCanonicalConf(Encoder& e, const ConfState& conf, Rename rename);
  void AppendCanonicalLeader(Encoder& e, Rename rename) const;
  void AppendCanonicalOutput(Encoder& e, Rename rename) const;

  const RaftOptions* options_;
  uint64_t seed_;
  PeerId id_;

  // Durable once persisted.
  Term term_;
  PeerId vote_;
  RaftLog log_;
  std::shared_ptr<const ConfState> conf_;

  Role role_ = Role::kFollower;
  bool term_dirty_ = false;        ///< Term or vote changed since the last Ready.
  bool snapshot_untaken_ = false;  ///< A snapshot to install was not given out yet.
  bool append_wanted_ =
      false;  ///< Leader: followers may be sent more, at the next Ready.   ///< Reads wait for a round.
  bool lease_given_up_ = false;  ///< Leader: sent TimeoutNow in this term.
  PeerId leader_;
  PeerId transferee_;
  uint32_t election_elapsed_ =
      0;  ///< Ticks since a leader's word, a granted vote or a campaign; leader: check-quorum period.
  uint32_t heartbeat_elapsed_ = 0;
  uint32_t vote_hold_ticks_ = 0;  ///< Ticks during which no vote is given except in a transfer.
  uint32_t transfer_elapsed_ = 0;

  // Leader and candidates.
  std::vector<Progress> progress_;
  std::vector<Ballot> votes_;
  uint64_t heartbeat_round_ = 0;
  uint64_t quorum_round_ = 0;
  size_t uncommitted_bytes_ = 0;
  LogIndex term_start_;             ///< Leader: the position of its first entry.
  LogIndex pending_conf_index_;     ///< No configuration change is proposed before this is applied.
  std::vector<PendingRead> reads_;  ///< Leader: in order of arrival.

  // On the way out.
  ReadyNumber last_number_;
  ReadyNumber persisted_number_;
  ReadyNumber term_number_;  ///< The Ready that carries the present term and vote.
  std::vector<Unpersisted> unpersisted_;
  std::vector<Message> outbox_now_;
  std::vector<Held> held_;
  std::vector<ReadState> read_states_;
  std::vector<ConfAt> handed_confs_;  ///< Handed out for applying, not reported applied.
  std::vector<HandedPage> handed_pages_;
  LogIndex stored_commit_;  ///< The commit in the last hard state given out.
  SoftState told_soft_state_;
  uint64_t told_quorum_round_ = 0;
  Status failure_;
};

/// The canonical form of a message, its peers renamed.
void AppendCanonicalMessage(const Message& message, Bytes& out, Raft::Rename rename);

}  // namespace orrery::raft
