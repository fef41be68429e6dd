#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "raft/core/model/model_node.h"

namespace orrery::raft {

inline ConfState Voters(uint64_t count) {
  ConfState conf;
  for (uint64_t i = 1; i <= count; ++i) conf.members.push_back(Member{PeerId(i), MemberRole::kVoter, {}});
  return conf;
}

inline Entry Command(uint64_t index, uint64_t term, std::string_view text = "x") {
  return Entry{Term(term), LogIndex(index), EntryKind::kCommand, Payload(text)};
}

/// `from`, which leads `term`, sends peer 1 the entries of these terms behind (prev_index, prev_term).
inline Message AppendOf(uint64_t from, uint64_t term, uint64_t prev_index, uint64_t prev_term,
                        const std::vector<uint64_t>& terms, uint64_t commit) {
  AppendRequest request{LogIndex(prev_index), Term(prev_term), LogIndex(commit), {}};
  for (const uint64_t each : terms) {
    const uint64_t index = prev_index + request.entries.size() + 1;
    request.entries.push_back(Command(index, each, "e" + std::to_string(each)));
  }
  return Message{PeerId(from), PeerId(1), Term(term), std::move(request)};
}

template <class Body>
Message To1(uint64_t from, uint64_t term, Body body) {
  return Message{PeerId(from), PeerId(1), Term(term), std::move(body)};
}

/// Peers over a wire that a test holds in its hands: tests read as stories. Every step is checked by the invariants and
/// the oracle; `verdict` keeps the first thing that broke.
class TestGroup {
 public:
  explicit TestGroup(uint64_t voters, RaftOptions wanted = {}, uint64_t spares = 0) : options(wanted) {
    for (uint64_t i = 1; i <= voters + spares; ++i) {
      const InitialState initial = i <= voters ? BootstrapState(Voters(voters)) : InitialState{};
      nodes.push_back(std::make_unique<ModelNode>(PeerId(i), options, initial, i, &oracle));
    }
  }

  ModelNode& node(uint64_t peer) { return *nodes[peer - 1]; }
  Raft& raft(uint64_t peer) { return node(peer).raft(); }

  /// Takes what `peer` has ready; stores it too unless `store` is off.
  void Pump(uint64_t peer) {
    ModelNode& node = this->node(peer);
    if (!node.running()) return;
    do {
      node.Pump(sent);
      if (store) node.Persist(100, sent);
    } while (node.raft().HasReady());
    for (Message& message : std::exchange(sent, {})) {
      const bool lost = cut.count(message.from.value()) + cut.count(message.to.value()) > 0;
      if (!lost) wire.push_back(std::move(message));
    }
    if (verdict.ok()) verdict = node.Check();
  }
  void PumpAll() {
    for (uint64_t peer = 1; peer <= nodes.size(); ++peer) Pump(peer);
  }
  /// Messages on the wire that `wanted` selects leave it.
  std::vector<Message> Take(const std::function<bool(const Message&)>& wanted) {
    std::vector<Message> taken;
    std::vector<Message> kept;
    for (Message& message : wire) (wanted(message) ? taken : kept).push_back(std::move(message));
    wire = std::move(kept);
    return taken;
  }
  void Deliver(const std::vector<Message>& messages) {
    for (const Message& message : messages) {
      ModelNode& to = node(message.to.value());
      if (!to.running()) continue;
      to.raft().Step(message).IgnoreError();
      Pump(message.to.value());
    }
  }
  /// Delivers until nothing moves.
  void Settle() {
    PumpAll();
    for (int turn = 0; turn < 1000 && !wire.empty(); ++turn) Deliver(std::exchange(wire, {}));
  }
  void Tick(uint64_t peer, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      raft(peer).Tick();
      Pump(peer);
    }
  }
  /// Heartbeats and what follows from them.
  void Beat(uint64_t leader) {
    Tick(leader, options.heartbeat_ticks);
    Settle();
  }
  void Elect(uint64_t peer) {
    raft(peer).Campaign().IgnoreError();
    Settle();
    ORRERY_ASSERT(raft(peer).role() == Role::kLeader);
  }
  LogIndex Propose(uint64_t peer, std::string_view command) {
    const Result<LogIndex> index = raft(peer).Propose(Payload(command));
    Pump(peer);
    return index.ok() ? *index : LogIndex();
  }
  std::vector<ReadState> ReadsOf(uint64_t peer) { return node(peer).reads(); }

  RaftOptions options;
  GroupOracle oracle;
  std::vector<std::unique_ptr<ModelNode>> nodes;
  std::vector<Message> wire;
  std::vector<Message> sent;
  std::set<uint64_t> cut;
  bool store = true;
  Status verdict;
};

inline RaftOptions Plain() {
  RaftOptions options;
  options.pre_vote = false;
  options.check_quorum = false;
  options.no_vote_after_restart = false;
  return options;
}

template <class Body>
bool Is(const Message& message) {
  return std::holds_alternative<Body>(message.body);
}

template <class Body>
size_t CountOf(const std::vector<Message>& messages) {
  size_t count = 0;
  for (const Message& message : messages) count += Is<Body>(message);
  return count;
}

template <class Body>
std::vector<Message> TakeAll(TestGroup& group) {
  return group.Take([](const Message& message) { return Is<Body>(message); });
}

}  // namespace orrery::raft
