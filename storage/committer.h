#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "runtime/base/time.h"
#include "runtime/fiber/task.h"
#include "runtime/fiber/wait_queue.h"
#include "storage/engine.h"

namespace orrery {

class CommitObserver;
struct Runtime;

enum class Durability : uint8_t {
  kBuffered,  ///< Done when readers see it; durable with the next synced batch.
  kSync,      ///< Done when it is on the disk.
};

struct CommitterOptions {
  /// Batches that wait for their sync, at most; more are refused or wait. [1, 1 << 20].
  uint32_t queue_batches_max = 16384;
  /// Their bytes, at most (one larger batch is taken when the queue is empty). [1 KiB, 1 GiB].
  uint64_t queue_bytes_max = uint64_t{64} << 20;
  /// Wait before a batch that met full write buffers is tried again. [1 us, 10 s].
  Duration stall_retry = milliseconds(1);

  Status Validate() const;
};

/// What the committer did since it started.
struct CommitterStats {
  uint64_t syncs = 0;         ///< fsyncs of the log.
  uint64_t sync_batches = 0;  ///< Batches made durable by them.
  uint64_t buffered_batches = 0;
  uint64_t writes = 0;  ///< Engine writes; each carries one or more batches.
  uint64_t bytes = 0;
  uint64_t stalls = 0;   ///< Times the engine answered kBusy.
  uint64_t refused = 0;  ///< TrySubmit answered kBusy.
  uint64_t batches_per_sync_max = 0;
};

/// Group commit: the only writer of an engine. One fiber, one sync in flight; all that is waiting when a sync ends
/// shares the next one. Batches take effect, and become durable, in the order they were handed in, whatever their
/// durability. Owned by the store; destroy it before the engine.
///
/// After the first failed write or sync nothing is acknowledged any more: every waiter gets that error, every later
/// call too, and the node has been told to stop (Process::Exit).
class Committer {
 public:
  /// Called on the main stack, outside of TrySubmit, in the order of submission among batches of one durability.
  /// Must not suspend; may submit; must not destroy the committer.
  using Done = std::function<void(const Status&)>;

  /// Requires: options.Validate().ok(). `observer` may be null.
  Committer(Runtime& runtime, Engine& engine, const CommitterOptions& options, CommitObserver* observer = nullptr);
  /// Waiters are dropped without a call.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Waits until the batch is done, and for room before that. Suspends.
  Status Commit(const WriteBatch& batch, Durability durability);

  /// Hands a batch in; `done` follows when it is done. False if the queue is full: nothing was taken, and one call
  /// of the room callback will follow. Never suspends.
  [[nodiscard]] bool TrySubmit(const WriteBatch& batch, Durability durability, Done done);

  /// Applies a batch now: Ok means done in the sense of kBuffered, on return. kBusy if the engine is short of memory:
  /// nothing was taken (a batch submitted meanwhile may overtake the retry). For the apply loop, which needs no
  /// callback. Never suspends.
  Status TryApply(const WriteBatch& batch);

  /// Called on the main stack when room is back after a refusal.
  void SetRoomCallback(std::function<void()> room) { on_room_ = std::move(room); }

  const CommitterStats& stats() const { return stats_; }
  /// Ok, or why nothing goes any more.
  const Status& failure() const { return failure_; }

 private:
  struct Waiter {
    uint64_t bytes;
    Done done;
  };
  /// Those of one durability, in order; the first `written` are with the engine.
  struct Waiters {
    std::deque<Waiter> queue;
    size_t written = 0;
  };

  void RunSyncs();
  void RunBuffered();
  void SyncWritten();
  /// Hands what is gathered to the engine. kBusy leaves it as it was. Any other error is the end.
  Status WriteGathered();
  void WriteGatheredOrPause();
  /// Takes `count` waiters off the front and answers them on the main stack.
  void Answer(Waiters& waiters, size_t count, const Status& status);
  void Fail(const Status& status);
  bool HasRoom(const WriteBatch& batch) const;

  Runtime& runtime_;
  Engine& engine_;
  CommitterOptions options_;
  CommitObserver* observer_;
  CommitterStats stats_;
  Status failure_;

  WriteBatch gathered_;  ///< Handed in, not yet given to the engine.
  Waiters sync_;
  Waiters buffered_;
  uint64_t queue_bytes_ = 0;
  bool refused_ = false;
  std::function<void()> on_room_;
  WaitQueue sync_work_{"committer: work"};
  WaitQueue buffered_work_{"committer: buffered"};
  WaitQueue room_{"committer: room"};
  Task sync_fiber_;
  Task buffered_fiber_;
};

}  // namespace orrery
