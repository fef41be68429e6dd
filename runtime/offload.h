#pragma once

#include <cstdint>

#include "runtime/base/function_ref.h"

namespace orrery {

/// A queue of blocking jobs. Jobs of one lane run one after the other, in order; lanes run side by side.
enum class Lane : uint8_t {
  kCommit,      ///< Synced engine writes; the committer of storage/ is its only user.
  kRead,        ///< Cold reads.
  kBackground,  ///< Snapshots, checkpoints, bulk loads, log truncation.
};
constexpr int kLaneCount = 3;

/// Takes blocking work off the event loop. Only storage/ and runtime/ use it.
class Offload {
 public:
  virtual ~Offload() = default;

  /// Runs `job` away from the loop and returns when it has run. Suspends. The job must not touch fibers,
  /// the Network or anything the loop owns; what it captures stays alive until it has run, because this
  /// call is not cancellable: a fiber killed while it waits unwinds only after the job has either run
  /// to its end or been dropped unrun (a crash).
  virtual void Run(Lane lane, FunctionRef<void()> job) = 0;
};

}  // namespace orrery
