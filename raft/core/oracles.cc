#include "raft/core/oracles.h"

#include <algorithm>
#include <limits>
#include <string>

#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

Status Broken(std::string what) {
  return Status(StatusCode::kCorruption, std::move(what));
}

}  // namespace

GroupOracle::Digest GroupOracle::DigestOf(const Entry& entry) {
  return Digest{entry.term, Hash64(entry.payload.view(), static_cast<uint64_t>(entry.kind))};
}

Status GroupOracle::Observe(const Raft& raft) {
  if (raft.role() != Role::kLeader) return Status::Ok();
  const auto [at, is_new] = leaders_.emplace(raft.term(), raft.id());
  if (at->second != raft.id()) {
    return Broken("Election Safety: peers " + ToString(at->second) + " and " + ToString(raft.id()) + " both led term " +
                  ToString(raft.term()));
  }
  return is_new ? CheckLeaderCompleteness(raft) : Status::Ok();
}

Status GroupOracle::CheckLeaderCompleteness(const Raft& leader) const {
  const RaftLog& log = leader.log();
  for (LogIndex index(std::max(first_, log.first_index().value())); index <= applied_max(); ++index) {
    const Digest& expected = applied_[index.value() - first_];
    if (index <= log.last_index()) {
      ORRERY_ASSIGN_OR_RETURN(const Term term, log.TermAt(index));
      if (term == expected.term) continue;
    }
    return Broken("Leader Completeness: peer " + ToString(leader.id()) + " leads term " + ToString(leader.term()) +
                  " without the committed entry " + ToString(index) + "/" + ToString(expected.term));
  }
  return Status::Ok();
}

void GroupOracle::Started(PeerId peer, LogIndex applied) {
  position_[peer] = applied;
}

Status GroupOracle::Applied(PeerId peer, const Entry& entry) {
  LogIndex& position = position_[peer];
  if (entry.index != position.Next()) {
    return Broken("peer " + ToString(peer) + " applied " + ToString(entry.index) + " behind " + ToString(position));
  }
  position = entry.index;
  const Digest digest = DigestOf(entry);
  if (entry.index == applied_max().Next()) {
    applied_.push_back(digest);
    return Status::Ok();
  }
  if (entry.index > applied_max()) return Broken("an entry was applied behind a gap that nobody applied");
  if (applied_[entry.index.value() - first_] == digest) return Status::Ok();
  return Broken("State Machine Safety: peer " + ToString(peer) + " applied another entry at " + ToString(entry.index) +
                ": " + ToString(entry));
}

Status GroupOracle::Installed(PeerId peer, const SnapshotMeta& meta) {
  position_[peer] = meta.index;
  if (meta.index > applied_max()) return Broken("a snapshot holds what nobody applied");
  if (meta.index.value() < first_) return Status::Ok();
  if (applied_[meta.index.value() - first_].term == meta.term) return Status::Ok();
  return Broken("State Machine Safety: peer " + ToString(peer) + " installed a snapshot of another history at " +
                ToString(meta.index));
}

Status GroupOracle::CheckLogMatching(const Raft& a, const Raft& b) {
  const RaftLog& left = a.log();
  const RaftLog& right = b.log();
  const LogIndex begin = std::max(left.first_index(), right.first_index());
  LogIndex last = std::min(left.last_index(), right.last_index());
  bool agreed = false;
  for (; last >= begin; last = last.Previous()) {
    ORRERY_ASSIGN_OR_RETURN(const std::vector<Entry> mine, left.Slice(last, last.Next(), 1));
    ORRERY_ASSIGN_OR_RETURN(const std::vector<Entry> theirs, right.Slice(last, last.Next(), 1));
    if (mine.front() == theirs.front()) {
      agreed = true;
    } else if (agreed || mine.front().term == theirs.front().term) {
      return Broken("Log Matching: peers " + ToString(a.id()) + " and " + ToString(b.id()) + " differ at " +
                    ToString(last) + " below a common entry");
    }
  }
  return Status::Ok();
}

}  // namespace orrery::raft
