#pragma once

#include <string>

namespace orrery::sim {

/// What a report says about the node whose code runs. Implemented by the World.
class NodeContext {
 public:
  virtual ~NodeContext() = default;
  /// Several lines: node, boot, virtual time, scenario, seed, the line that repeats the run.
  virtual std::string DescribeForCrash() const = 0;
  /// Writes out traces and event files before the end of the process.
  virtual void FlushForCrash() = 0;
};

/// Marks the stretch in which node code runs: fibers, callbacks, offloaded jobs, destructors. Within it the
/// interposer forbids the operating system, and a crash is the node's fault. Nests.
/// State is per process: the simulator has one thread, and signal handlers must find it.
class InsideNode {
 public:
  explicit InsideNode(NodeContext* context);
  ~InsideNode();
  InsideNode(const InsideNode&) = delete;
  InsideNode& operator=(const InsideNode&) = delete;

  /// The context of the node code that runs now; nullptr outside.
  static NodeContext* Current();

 private:
  NodeContext* outer_;
};

/// A stretch of harness code within node code (the trace, a report): the operating system is allowed.
class OutsideNode {
 public:
  OutsideNode();
  ~OutsideNode();
  OutsideNode(const OutsideNode&) = delete;
  OutsideNode& operator=(const OutsideNode&) = delete;

 private:
  int outer_;
};

}  // namespace orrery::sim

/// Non-zero while node code runs and the operating system is out of bounds. Read by sim/interpose.
extern "C" int orrery_sim_inside_node;
