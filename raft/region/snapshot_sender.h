#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "raft/region/snapshot_message.h"
#include "runtime/base/time.h"
#include "runtime/fiber/task_group.h"
#include "runtime/fiber/wait_queue.h"
#include "storage/range_export.h"

namespace orrery {

struct Runtime;
struct RegionOptions;

/// One snapshot to be sent: the state is pinned from now on.
struct SnapshotToSend {
  RegionId region;
  PeerId peer;
  StoreLife to;
  Bytes install;  ///< The encoded Raft message, with the meta of exactly this state.
  std::unique_ptr<EngineSnapshot> state;
  std::vector<KeyRange> ranges;
};

/// Streams snapshots to other stores, a few at a time, each with a window of unacknowledged chunks. An answer that
/// tells nothing new means that a chunk was lost before the one it answers, and the first unacknowledged one is sent
/// again at once; so is each after it that was under way then, as the one before it is taken, because the receiver
/// keeps nothing out of order (TCP's fast recovery with partial acknowledgements, RFC 6582, section 3.2). When nothing
/// is heard for a while, the whole window is sent again, and then the same. Owned by the Store.
class SnapshotSender {
 public:
  /// Told once for every snapshot begun; on a fiber, must not suspend.
  using Done = std::function<void(RegionId, PeerId, bool delivered)>;

  SnapshotSender(Runtime& runtime, const RegionOptions& options, ClusterId cluster, StoreLife self, Done done);
  ~SnapshotSender();

  /// False if too many are under way, or one to this peer. Does not suspend.
  bool TryBegin(SnapshotToSend snapshot);
  /// kTaken or kRefuse.
  void OnAnswer(const SnapshotMessage& message);
  bool Sending(RegionId region, PeerId peer) const;

 private:
  struct Stream {
    SnapshotToSend snapshot;
    std::deque<Bytes> window;  ///< Messages from `acknowledged` on.
    uint64_t acknowledged = 0;
    uint64_t sent = 0;  ///< Chunks that are or were in the window.
    /// What `sent` was when chunks were last found to be missing. Nothing new is sent until all of that is taken; and
    /// an answer that repeats itself there is most likely to a chunk that was sent twice.
    uint64_t recover_until = 0;
    bool recovering() const { return acknowledged < recover_until; }
    bool exhausted = false;
    bool complete = false;
    bool refused = false;
    WaitQueue progress{"snapshot: progress"};
  };

  void Run(uint64_t id, Stream& stream);
  bool Fill(uint64_t id, Stream& stream, RangeExport& source);
  bool AwaitProgress(Stream& stream, Instant* last_progress);
  void OnTaken(Stream& stream, const SnapshotMessage& message);
  void SendMessage(const Stream& stream, const Bytes& message);

  Runtime& runtime_;
  const RegionOptions& options_;
  ClusterId cluster_;
  StoreLife self_;
  Done done_;
  uint64_t next_stream_;
  std::map<uint64_t, std::unique_ptr<Stream>> streams_;
  TaskGroup fibers_;
};

}  // namespace orrery
