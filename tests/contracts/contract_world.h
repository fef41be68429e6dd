#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "runtime/fiber/task.h"
#include "runtime/node.h"
#include "runtime/runtime.h"

namespace orrery {

/// Some nodes in a world, to hold the contracts of runtime/ against it. Nodes are numbered from 1; each knows the
/// addresses of all. The suites beside this file are written against this class only; real_world.cc and
/// sim_world.cc each define Make.
///
/// Functions given to a node run on its loop. What they share with the test is read by the test only after Run, Call or
/// a successful Await of that node.
class ContractWorld {
 public:
  static std::unique_ptr<ContractWorld> Make(int nodes);
  virtual ~ContractWorld() = default;

  using Body = std::function<void(Runtime&)>;
  /// Runs `body` on a fiber of the node and waits until it has ended.
  void Run(int node, const Body& body);
  /// Runs `body` on a fiber of the node; it lives until it ends or the node does.
  virtual void Start(int node, Body body) = 0;
  /// Runs `body` on the node's main stack and waits until it has returned.
  virtual void Call(int node, const Body& body) = 0;
  /// Waits until `condition`, asked on the node's loop now and then, holds. False after a long time.
  [[nodiscard]] virtual bool Await(int node, const std::function<bool()>& condition) = 0;

  /// Ends the node as `kill -9` does. It stays down until Boot.
  virtual void Kill(int node) = 0;
  /// A new boot on the same disk.
  virtual void Boot(int node) = 0;
  virtual void RequestStop(int node) = 0;
  /// Waits until the node has ended itself; its reason. It is down then.
  virtual Status AwaitExit(int node) = 0;

  /// An address of the node's own for StreamTransport::Listen that chooses a free port.
  virtual std::string StreamAddress(int node) const = 0;
};

/// What every node of a ContractWorld runs: fibers the test gives it.
class HostNode final : public Node {
 public:
  explicit HostNode(Runtime& runtime) : runtime_(runtime) {}

  void RequestStop() override;
  void Start(ContractWorld::Body body);

 private:
  Runtime& runtime_;
  std::vector<Task> tasks_;
};

}  // namespace orrery
