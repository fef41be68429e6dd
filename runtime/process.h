#pragma once

#include "runtime/base/status.h"

namespace orrery {

/// The end of a node by its own decision: a write error, corruption, a finished shutdown.
class Process {
 public:
  virtual ~Process() = default;

  /// Ends this boot. From this call on nothing the node does has an outside effect: messages are
  /// dropped, the disk refuses writes. Returns to the caller, which should return too; fibers are
  /// unwound soon after. The first reason counts. Ok means a graceful stop. Does not suspend; may be
  /// called from an Offload job.
  virtual void Exit(Status reason) = 0;
};

}  // namespace orrery
