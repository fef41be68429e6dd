#pragma once

#include <functional>
#include <memory>

#include "runtime/base/status.h"

namespace orrery {

struct Runtime;

/// One boot of a node, as its world sees it. Made and destroyed on the event loop's main stack; its
/// fibers belong to Runtime::domain, which is killed before the Node is destroyed.
class Node {
 public:
  virtual ~Node() = default;

  /// Begins a graceful stop; the node calls Process::Exit(ok) when it is done. Does not suspend.
  virtual void RequestStop() = 0;
};

/// Starts a node on a runtime: spawns its first fibers and returns. What fails later is told through
/// Process::Exit. The runtime outlives the node.
using NodeFactory = std::function<std::unique_ptr<Node>(Runtime&)>;

}  // namespace orrery
