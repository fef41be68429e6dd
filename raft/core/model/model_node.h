#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "raft/core/model/memory_log.h"
#include "raft/core/oracles.h"
#include "raft/core/raft.h"

namespace orrery::raft {

/// One peer with the simplest honest shell: a disk that stores Readies when told to, a state machine that applies
/// at once, and a crash that loses what was not stored. Not copyable (Raft points to the disk).
class ModelNode {
 public:
  /// `oracle` may be null. Starts running.
  ModelNode(PeerId id, const RaftOptions& options, const InitialState& initial, uint64_t seed, GroupOracle* oracle);
  ModelNode(const ModelNode&) = delete;
  ModelNode& operator=(const ModelNode&) = delete;

  PeerId id() const { return id_; }
  bool running() const { return raft_ != nullptr; }
  Raft& raft() { return *raft_; }
  const Raft& raft() const { return *raft_; }
  MemoryLog& disk() { return disk_; }

  /// Takes Readies until there are none: queues their writes, applies, and appends what may be sent at once to `out`.
  void Pump(std::vector<Message>& out);
  /// Stores the oldest `count` queued writes and appends what they release.
  void Persist(size_t count, std::vector<Message>& out);
  size_t unpersisted() const { return writes_.size(); }
  void Crash();
  void Restart();
  /// Checks the invariants of the state and of the step since the last check.
  Status Check();

  const std::vector<ReadState>& reads() const { return reads_; }
  /// Every Ready taken, newest last; cleared by the caller.
  std::vector<Ready> taken;

 private:
  void Apply(const Ready& ready);

  PeerId id_;
  const RaftOptions& options_;
  uint64_t seed_;
  GroupOracle* oracle_;
  MemoryLog disk_;
  std::unique_ptr<Raft> raft_;
  std::deque<Ready> writes_;
  std::vector<ReadState> reads_;
  RaftView last_view_;
  Status broken_;
};

}  // namespace orrery::raft
