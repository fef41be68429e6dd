#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "raft/region/snapshot_message.h"
#include "runtime/fiber/task_group.h"
#include "runtime/fiber/wait_queue.h"
#include "storage/engine.h"

namespace orrery {

struct Runtime;
struct RegionOptions;

/// Takes the chunks of snapshots from other stores and stages them durably, one snapshot per region at a time; then
/// lets the store step Raft, which decides whether it wants it. Owned by the Store.
class SnapshotReceiver {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    /// Whether a snapshot of the region for `to` may be taken now. Must not suspend.
    virtual bool MayReceive(RegionId region, PeerId to) = 0;
    /// All chunks of a snapshot are staged: step `install`. On a fiber; must not suspend.
    virtual void OnStaged(RegionId region, const StoreLife& from, const raft::Message& install) = 0;
  };

  SnapshotReceiver(Runtime& runtime, Engine& engine, const RegionOptions& options, ClusterId cluster, StoreLife self,
                   Listener& listener);
  ~SnapshotReceiver();

  /// kChunk, as it came. Does not suspend.
  void OnChunk(Bytes bytes);

  bool HasStaged(RegionId region, LogIndex index, Term term) const;
  /// The staged content of the snapshot at (index, term); nullptr if it is not (or no longer) there.
  std::unique_ptr<RangeImport> TakeStaged(RegionId region, LogIndex index, Term term);
  /// Forgets what is staged or under way, unless it was taken.
  void Drop(RegionId region);

 private:
  struct Incoming {
    uint64_t stream = 0;
    StoreLife from;
    raft::Message install;
    uint64_t taken = 0;
    bool staged = false;
    std::deque<Bytes> chunks;  ///< Messages not yet staged.
    WaitQueue work{"snapshot: chunks"};
    std::unique_ptr<RangeImport> import;
    Task fiber;
  };

  void Begin(const SnapshotMessage& message, raft::Message install);
  void Run(RegionId region, Incoming& incoming);
  /// False if the snapshot is of no use any more.
  bool StageOne(RegionId region, Incoming& incoming);
  void Finish(RegionId region, Incoming& incoming);
  void Answer(const SnapshotMessage& message, SnapshotMessageKind kind, uint64_t taken, bool complete);

  Runtime& runtime_;
  Engine& engine_;
  const RegionOptions& options_;
  ClusterId cluster_;
  StoreLife self_;
  Listener& listener_;
  std::map<RegionId, std::unique_ptr<Incoming>> incoming_;
  std::vector<std::unique_ptr<Incoming>> finished_;  ///< Their fibers have ended, or are about to.
};

}  // namespace orrery
