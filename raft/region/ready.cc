#include "raft/core/invariants.h"
#include "raft/region/observer.h"
#include "raft/region/peer.h"
#include "raft/region/transport.h"
#include "runtime/base/assert.h"
#include "runtime/base/probe.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

/// Ends the process with the broken fact in the place of the condition: each fact is a kind of failure of its own.
void RequireFacts(const Status& facts) {
  if (!facts.ok()) AssertionFailed(raft::RaftInvariants::FactOf(facts), facts.message(), __FILE__, __LINE__);
}

}  // namespace

Peer::Peer(const StoreContext& context, PeerHost& host, GroupLog& log)
    : context_(context),
      host_(host),
      log_(log),
      storage_(log),
      raft_options_(context.options.raft),
      machine_(context.runtime.probes),
      read_context_(context.runtime.random.Split("read").Split(log.region().value()).key()) {
  raft_options_.probes = &context.runtime.probes;
}

Peer::~Peer() = default;

void Peer::InitNew(WriteBatch& batch, PeerId id) {
  storage_.PutRegion(batch, RegionRecord{.self = id});
}

Status Peer::Load() {
  ORRERY_RETURN_IF_ERROR(storage_.Load());
  ORRERY_RETURN_IF_ERROR(LoadSessions());
  applied_ = storage_.applied().applied;
  applied_term_ = storage_.applied().term;
  uint64_t log_bytes = 0;
  if (log_.LastIndex() >= log_.FirstIndex()) log_bytes = (log_.LastIndex() - log_.FirstIndex() + 1) * 256;
  log_sizes_.Reset(log_.FirstIndex().Previous(), log_.LastIndex(), log_bytes);
  const uint64_t seed = context_.runtime.random.Split("raft").Split(region().value()).Split(id().value()).key();
  raft_ = std::make_unique<raft::Raft>(id(), raft_options_, storage_, seed);
  AdoptConf(storage_.applied().conf, applied_);
  last_view_ = raft_->View();
  if (context_.observer != nullptr) context_.observer->OnStarted(region(), last_view_);
  return Status::Ok();
}

void Peer::Tick() {
  if (stopped_) return;
  TickReads();
  TickLogGc();
  TickConsistency();
  raft_->Tick();
  AfterStep();
}

void Peer::Step(const StoreLife& from, const raft::Message& message) {
  if (stopped_) return;
  ORRERY_LOG(context_.runtime.log, LogLevel::kDebug, "raft", "region {}: {}", region().value(), ToString(message));
  if (!SenderIsKnown(from, message)) return;
  // Stale, misdirected or impossible messages are refused without a change; Raft's peers repeat what matters.
  raft_->Step(message).IgnoreError();
  AfterStep();
}

void Peer::ReportUnreachable(StoreId store) {
  if (stopped_) return;
  for (const auto& [peer, address] : members_) {
    if (address.life.store == store && peer != id()) raft_->ReportUnreachable(peer);
  }
  AfterStep();
}

void Peer::OnPersisted(raft::ReadyNumber number) {
  // An installed snapshot says it for all Readies before it, whose own word may be on its way still.
  if (stopped_ || number <= persisted_) return;
  persisted_ = number;
  SendAll(raft_->Advance(raft::Persisted(number)));
  AfterStep();
}

/// Something may have changed: look at it, and see to it in the next turn.
void Peer::AfterStep() {
  if (StopIfFailed()) return;
  if (context_.options.check_invariants || context_.observer != nullptr) {
    const raft::RaftView view = raft_->View();
    if (context_.options.check_invariants) {
      RequireFacts(raft::RaftInvariants::CheckState(*raft_));
      RequireFacts(raft::RaftInvariants::CheckDelta(last_view_, view));
    }
    if (context_.observer != nullptr) context_.observer->OnView(region(), view, raft_->conf());
    last_view_ = view;
  }
  // While a snapshot is installed nothing is collected: OnInstalled() asks again.
  if (!installing_ && raft_->HasReady()) host_.MarkDirty(*this);
}

bool Peer::NeedsTick() const {
  if (stopped_) return false;
  return raft_->NeedsTick() || reads_ > 0 || is_leader();
}

bool Peer::HasWork() const {
  if (stopped_) return false;
  if (!pending_.empty() || !new_reads_.empty()) return true;
  if (!to_apply_.empty() && !blocked_ && !installing_) return true;
  return !installing_ && raft_->HasReady();
}

void Peer::CollectReady(WriteBatch& batch, std::vector<PersistTicket>& tickets) {
  if (stopped_) return;
  ProposePending();
  AskForReads();
  while (!stopped_ && !installing_ && raft_->HasReady()) TakeOneReady(batch, tickets);
  CompactIfWanted(batch);
  AfterStep();
}

void Peer::TakeOneReady(WriteBatch& batch, std::vector<PersistTicket>& tickets) {
  raft::Ready ready = raft_->TakeReady();
  if (ready.soft_state) OnSoftState(*ready.soft_state);
  // Rounds that leave with this Ready may also be answered by it, where this peer is a quorum.
  SendAll(ready.send_now);
  if (ready.quorum_round) OnQuorumRound(*ready.quorum_round);
  for (raft::ConfAt& conf : ready.conf_changes) to_adopt_.push_back(std::move(conf));
  for (raft::Entry& entry : ready.committed) to_apply_.push_back(std::move(entry));
  for (const raft::ReadState& state : ready.reads) OnReadState(state);
  if (ready.snapshot) {
    // What was committed before is part of the snapshot.
    to_apply_.clear();
    to_adopt_.clear();
    blocked_.reset();
    installing_ = true;
    host_.WantInstalled(*this, std::move(ready));
    return;
  }
  if (ready.NeedsPersist()) {
    const size_t bytes = storage_.Put(batch, ready);
    if (!ready.entries.empty()) log_sizes_.Append(ready.entries.front().index, ready.entries.back().index, bytes);
    tickets.push_back(PersistTicket{.region = region(), .peer = id(), .number = ready.number});
  }
  ServeReads();
}

void Peer::OnSoftState(const raft::SoftState& state) {
  ForgetLease();
  if (state.role == raft::Role::kLeader) {
    ORRERY_LOG(context_.runtime.log, LogLevel::kInfo, "region", "region {}: peer {} leads in term {}", region().value(),
               id().value(), state.term.value());
    if (context_.observer != nullptr) context_.observer->OnLeader(region(), id(), state.term);
    return;
  }
  AbandonProposals(Status(StatusCode::kUnknownOutcome, "leadership was lost before the command was committed"),
                   NotLeader());
  FailReads(NotLeader());
}

void Peer::SendAll(const std::vector<raft::Message>& messages) {
  for (const raft::Message& message : messages) SendOne(message);
}

void Peer::SendOne(const raft::Message& message) {
  if (std::holds_alternative<raft::InstallSnapshot>(message.body)) return host_.WantSnapshotSent(*this, message);
  if (const auto* heartbeat = std::get_if<raft::HeartbeatRequest>(&message.body)) OnHeartbeatLeaves(heartbeat->round);
  context_.transport.Send(RouteTo(message.to), region(), message);
}

bool Peer::StopIfFailed() {
  if (raft_->failure().ok()) return false;
  StopStore(raft_->failure().Wrap("region " + ToString(region())));
  return true;
}

/// This replica found that it cannot be trusted, or the disk failed. It says nothing more.
void Peer::StopStore(const Status& why) {
  if (stopped_) return;
  stopped_ = true;
  ORRERY_LOG(context_.runtime.log, LogLevel::kError, "region", "region {} stops: {}", region().value(), why.ToString());
  context_.runtime.process.Exit(why);
}

}  // namespace orrery
