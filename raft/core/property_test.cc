// Random schedules of small groups: loss, duplication, reordering, crashes that lose what was not stored, restarts,
// membership changes, snapshots. Judged by the invariants, the group's oracle, and a dumb model of a replicated log.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "raft/core/model/model_node.h"
#include "runtime/base/random.h"

namespace orrery::raft {
namespace {

struct CountingProbes final : Probes {
  void Hit(const char* name) override { ++hits[name]; }
  bool Buggify(const char*, double) override { return false; }
  std::map<std::string, int> hits;
};

/// The dumb model: what clients were told. A command acknowledged at a position is there for ever, reads see it.
struct Acknowledged {
  std::map<uint64_t, std::string> commands;
  uint64_t highest = 0;
};

class Chaos {
 public:
  Chaos(uint64_t seed, size_t voters, CountingProbes* probes) : random_(Random(seed)) {
    options_.election_ticks = 5;
    options_.heartbeat_ticks = 1;
    options_.probes = probes;
    options_.pre_vote = random_.Chance(0.7);
    options_.check_quorum = random_.Chance(0.7);
    options_.no_vote_after_restart = random_.Chance(0.5);
    options_.append_bytes_max = random_.Chance(0.5) ? 40 : 1000;
    options_.inflight_messages_max = random_.Chance(0.5) ? 2 : 100;
    options_.inflight_bytes_max = 1000;
    options_.apply_bytes_max = random_.Chance(0.5) ? 1 : 1000;
    options_.cache_bytes_max = random_.Chance(0.5) ? 0 : 1000;
    options_.uncommitted_bytes_max = 400;
    REQUIRE(options_.Validate().ok());
    ConfState conf;
    for (uint64_t i = 1; i <= voters; ++i) conf.members.push_back(Member{PeerId(i), MemberRole::kVoter, {}});
    for (uint64_t i = 1; i <= voters + 2; ++i) {
      const bool founder = i <= voters;
      nodes_.push_back(std::make_unique<ModelNode>(PeerId(i), options_, founder ? BootstrapState(conf) : InitialState{},
                                                   Mix64(seed + i), &oracle_));
    }
    clock_running_.assign(nodes_.size(), true);
  }

  void RunUnsafe(int steps) {
    for (int i = 0; i < steps; ++i) {
      RandomEvent();
      CheckAll();
    }
  }

  /// Everything comes back, nothing is lost any more: a leader is found and a command gets through everywhere.
  void RunHealed() {
    for (auto& node : nodes_) {
      if (!node->running()) node->Restart();
    }
    size_t proposed_at_round = 0;
    LogIndex goal;
    Term goal_term;
    for (size_t round = 1; round < 600; ++round) {
      for (auto& node : nodes_) node->raft().Tick();
      for (int i = 0; i < 6; ++i) DeliverEverything();
      CheckAll();
      ModelNode* leader = Leader();
      if (leader == nullptr) continue;
      if (leader->raft().conf().IsJoint()) {
        const ConfChange leave{.transition = ConfChange::Transition::kLeave, .steps = {}, .context = {}};
        if (!leader->raft().conf().auto_leave) leader->raft().ProposeConfChange(leave).status().IgnoreError();
        continue;
      }
      if (goal.value() == 0 || goal_term != leader->raft().term()) {
        const Result<LogIndex> index = leader->raft().Propose(Payload("final"));
        if (!index.ok()) continue;
        goal = *index;
        goal_term = leader->raft().term();
        proposed_at_round = round;
      }
      bool all = true;
      for (const Member& member : leader->raft().conf().members) {
        all = all && nodes_[member.peer.value() - 1]->disk().applied() >= goal;
      }
      if (all && round > proposed_at_round) return CheckFinal(*leader);
    }
    std::string state;
    for (auto& node : nodes_) {
      const RaftView v = node->raft().View();
      state += "\n  peer " + ToString(v.id) + " " + std::string(RoleName(v.role)) + " term " + ToString(v.term) +
               " log " + ToString(v.first_index) + ".." + ToString(v.last_index) + "/" + ToString(v.last_term) +
               " commit " + ToString(v.commit) + " persisted " + ToString(v.persisted) + " applied " +
               ToString(v.applied) + " leader " + ToString(v.leader) + " conf " + node->raft().conf().ToString();
      for (const Progress& p : node->raft().progress()) {
        state += "\n    " + ToString(p.peer) + " " + std::string(ProgressStateName(p.state)) + " match " +
                 ToString(p.match) + " next " + ToString(p.next) + " inflights " + std::to_string(p.inflights.size());
      }
    }
    FAIL(("no progress after healing" + state));
  }

  std::string trace;

 private:
  ModelNode& AnyNode() { return *nodes_[random_.Below(nodes_.size())]; }

  ModelNode* Leader() {
    ModelNode* best = nullptr;
    for (auto& node : nodes_) {
      if (!node->running() || node->raft().role() != Role::kLeader) continue;
      if (best == nullptr || node->raft().term() > best->raft().term()) best = node.get();
    }
    return best;
  }

  void RandomEvent() {
    const uint64_t dice = random_.Below(1000);
    ModelNode& node = AnyNode();
    if (!node.running()) {
      if (dice < 150) node.Restart();
      return;
    }
    if (dice < 250) {
      node.raft().Tick();
    } else if (dice < 700) {
      DeliverOne();
    } else if (dice < 820) {
      node.Persist(1 + random_.Below(3), wire_);
    } else if (dice < 900) {
      ProposeAt(node);
    } else if (dice < 925) {
      StartRead(node);
    } else if (dice < 940) {
      ChangeMembers(node);
    } else if (dice < 950) {
      const PeerId target = AnyNode().id();
      node.raft().TransferLeader(target).IgnoreError();
    } else if (dice < 965) {
      node.disk().Compact(node.disk().applied());
    } else if (dice < 975) {
      node.raft().ReportUnreachable(AnyNode().id());
    } else if (dice < 985) {
      node.Crash();
      pending_reads_.erase(node.id());
      return;
    } else if (dice < 990) {
      node.raft().Campaign().IgnoreError();
    } else {
      DropSome();
    }
    if (node.running() && random_.Chance(0.8)) Pump(node);
  }

  void Pump(ModelNode& node) {
    node.Pump(wire_);
    for (const Ready& ready : node.taken) {
      for (const Entry& entry : ready.committed) OnApplied(node, entry);
      for (const ReadState& read : ready.reads) OnRead(node, read);
    }
    node.taken.clear();
  }

  void ProposeAt(ModelNode& node) {
    const std::string command = "c" + std::to_string(++commands_);
    const Result<LogIndex> index = node.raft().Propose(Payload(command));
    if (index.ok()) proposed_[{index->value(), node.raft().term().value()}] = {node.id(), command};
  }

  /// The proposer sees its entry applied in the term it was proposed in: it tells its client.
  void OnApplied(ModelNode& node, const Entry& entry) {
    const auto at = proposed_.find({entry.index.value(), entry.term.value()});
    if (at == proposed_.end() || at->second.first != node.id()) return;
    CHECK(entry.payload.view() == at->second.second);
    acknowledged_.commands[entry.index.value()] = at->second.second;
    acknowledged_.highest = std::max(acknowledged_.highest, entry.index.value());
  }

  void StartRead(ModelNode& node) {
    const uint64_t context = ++contexts_;
    if (node.raft().ReadIndex(context).ok()) pending_reads_[node.id()][context] = acknowledged_.highest;
  }

  /// A read sees everything that was acknowledged before it was asked for.
  void OnRead(ModelNode& node, const ReadState& read) {
    auto& pending = pending_reads_[node.id()];
    const auto at = pending.find(read.context);
    if (at == pending.end()) return;
    REQUIRE(read.index.value() >= at->second);
    ++reads_served;
    pending.erase(at);
  }

  void ChangeMembers(ModelNode& node) {
    ConfChange change;
    const uint64_t steps = 1 + random_.Below(3);
    for (uint64_t i = 0; i < steps; ++i) {
      const auto kind = ConfChangeStep::Kind(random_.Below(3));
      const PeerId peer = AnyNode().id();
      const bool named = std::any_of(change.steps.begin(), change.steps.end(),
                                     [peer](const ConfChangeStep& step) { return step.peer == peer; });
      if (!named) change.steps.push_back(ConfChangeStep{kind, peer, Payload("at " + ToString(peer))});
    }
    change.transition = ConfChange::Transition(random_.Below(3));
    if (node.running() && node.raft().conf().IsJoint()) {
      change = ConfChange{.transition = ConfChange::Transition::kLeave, .steps = {}, .context = {}};
    }
    node.raft().ProposeConfChange(change).status().IgnoreError();
  }

  void DropSome() {
    while (!wire_.empty() && random_.Chance(0.7)) Lose(TakeFromWire());
  }

  Message TakeFromWire() {
    const size_t at = random_.Below(wire_.size());
    std::swap(wire_[at], wire_.back());
    Message message = std::move(wire_.back());
    wire_.pop_back();
    return message;
  }

  void DeliverOne() {
    if (wire_.empty()) return;
    const bool duplicate = random_.Chance(0.1);
    const Message message = TakeFromWire();
    if (duplicate) wire_.push_back(message);
    if (random_.Chance(0.05)) return Lose(message);
    Deliver(message);
  }

  /// The shell that streams a snapshot always reports how that ended.
  void Lose(const Message& message) {
    ModelNode& from = *nodes_[message.from.value() - 1];
    if (!std::holds_alternative<InstallSnapshot>(message.body) || !from.running()) return;
    from.raft().ReportSnapshotStatus(message.to, false);
  }

  void Deliver(const Message& message) {
    ModelNode& to = *nodes_[message.to.value() - 1];
    const bool arrived = to.running();
    if (arrived) to.raft().Step(message).IgnoreError();
    if (std::holds_alternative<InstallSnapshot>(message.body)) {
      ModelNode& from = *nodes_[message.from.value() - 1];
      if (from.running()) from.raft().ReportSnapshotStatus(message.to, arrived);
    }
    if (arrived) Pump(to);
  }

  void DeliverEverything() {
    for (auto& node : nodes_) {
      if (!node->running()) continue;
      Pump(*node);
      node->Persist(1000, wire_);
      Pump(*node);
    }
    std::vector<Message> arriving = std::exchange(wire_, {});
    for (const Message& message : arriving) Deliver(message);
  }

  void CheckAll() {
    for (auto& node : nodes_) {
      const Status status = node->Check();
      if (!status.ok()) FAIL(status.ToString());
    }
    if (random_.Chance(0.02)) CheckLogs();
  }

  void CheckLogs() {
    for (auto& a : nodes_) {
      for (auto& b : nodes_) {
        if (a->id() >= b->id() || !a->running() || !b->running()) continue;
        const Status status = GroupOracle::CheckLogMatching(a->raft(), b->raft());
        if (!status.ok()) FAIL(status.ToString());
      }
    }
  }

  /// What clients were told is in the log of the leader that everybody follows, as far as it is not compacted.
  void CheckFinal(ModelNode& leader) {
    CheckLogs();
    const RaftLog& log = leader.raft().log();
    for (const auto& [index, command] : acknowledged_.commands) {
      if (LogIndex(index) < log.first_index()) continue;
      const auto entry = log.Slice(LogIndex(index), LogIndex(index + 1), 1);
      REQUIRE(entry.ok());
      CHECK(entry->front().payload.view() == command);
    }
  }

 public:
  size_t reads_served = 0;
  size_t acknowledged() const { return acknowledged_.commands.size(); }

 private:
  Random random_;
  RaftOptions options_;
  GroupOracle oracle_;
  std::vector<std::unique_ptr<ModelNode>> nodes_;
  std::vector<bool> clock_running_;
  std::vector<Message> wire_;
  uint64_t commands_ = 0;
  uint64_t contexts_ = 0;
  std::map<std::pair<uint64_t, uint64_t>, std::pair<PeerId, std::string>> proposed_;
  std::map<PeerId, std::map<uint64_t, uint64_t>> pending_reads_;
  Acknowledged acknowledged_;
};

void RunSeeds(uint64_t first, uint64_t count, size_t voters, int steps) {
  CountingProbes probes;
  size_t acknowledged = 0;
  size_t reads = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    CAPTURE(voters);
    Chaos chaos(seed, voters, &probes);
    chaos.RunUnsafe(steps);
    chaos.RunHealed();
    acknowledged += chaos.acknowledged();
    reads += chaos.reads_served;
  }
  // The schedules must reach somewhere, or the checks above prove nothing.
  CHECK(acknowledged > count);
  CHECK(reads > count / 4);
  for (const char* probe : {"raft.log.truncated_conflict", "raft.snapshot.installed", "raft.replication.backtracked"}) {
    CAPTURE(probe);
    CHECK(probes.hits[probe] > 0);
  }
}

TEST_CASE("Raft under random schedules: three voters keep every law and recover") {
  RunSeeds(1, 200, 3, 3000);
}

TEST_CASE("Raft under random schedules: five voters keep every law and recover") {
  RunSeeds(10001, 400, 5, 3000);
}

}  // namespace
}  // namespace orrery::raft
