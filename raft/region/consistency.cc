#include "raft/core/codec.h"
#include "raft/region/observer.h"
#include "raft/region/peer.h"
#include "runtime/base/probe.h"
#include "runtime/runtime.h"

// Replicas compare themselves: one command makes each hash its state as of that entry, a second one carries what the
// leader's hashed to. Who differs stops itself.

namespace orrery {

void Peer::ProposeOwn(const CommandView& command) {
  if (!is_leader()) return;
  // Nobody waits for it, and a lost one is proposed again at its next occasion.
  Propose(EncodeCommand(command), [](Result<CommandOutcome>) {});
}

void Peer::TickConsistency() {
  if (!is_leader() || context_.options.consistency_check_ticks == 0) return;
  // Walks that take longer than the gap between two checks would pile up and leave reads no room.
  if (hashing_) {
    consistency_ticks_ = 0;
    return;
  }
  if (++consistency_ticks_ < context_.options.consistency_check_ticks) return;
  consistency_ticks_ = 0;
  ProposeOwn({.kind = CommandKind::kHashState});
}

Bytes Peer::ReplicatedExtras() const {
  Bytes extras;
  machine_.sessions().EncodeTo(extras);
  raft::EncodeConfState(storage_.applied().conf, extras);
  return extras;
}

/// Called when the engine holds exactly the state as of applied_. One walk at a time: a replica that is slower than the
/// leader leaves out a check.
void Peer::HashState() {
  if (hashing_) {
    ORRERY_PROBE(context_.runtime.probes, "region.consistency.busy");
    return;
  }
  hashed_index_.reset();
  hashing_ = host_.WantStateHashed(*this, applied_, ReplicatedExtras(), context_.engine.TakeSnapshot());
}

void Peer::OnStateHashed(LogIndex index, const StateHash& state) {
  hashing_ = false;
  if (stopped_) return;
  hashed_index_ = index;
  hashed_ = state.hash;
  if (context_.observer != nullptr) context_.observer->OnStateHash(region(), id(), index, state);
  if (is_leader()) ProposeOwn({.kind = CommandKind::kVerifyHash, .index = index, .hash = state.hash});
  std::vector<EntryEffects::Verify> waiting;
  waiting.swap(to_verify_);
  for (const EntryEffects::Verify& verify : waiting) VerifyHash(verify);
}

void Peer::VerifyHash(const EntryEffects::Verify& verify) {
  if (!hashed_index_ || *hashed_index_ < verify.index) {
    // Still being computed, or this replica came later (snapshot, restart) and has none for it.
    to_verify_.clear();
    to_verify_.push_back(verify);
    return;
  }
  if (*hashed_index_ != verify.index) return;
  if (hashed_ == verify.hash) {
    ORRERY_PROBE(context_.runtime.probes, "region.consistency.equal");
    return;
  }
  StopStore(Status(StatusCode::kCorruption, "region " + ToString(region()) + ": the replica's state as of entry " +
                                                ToString(verify.index) + " differs from the leader's"));
}

}  // namespace orrery
