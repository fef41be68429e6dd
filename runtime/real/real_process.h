#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "runtime/node.h"
#include "runtime/real/real_options.h"
#include "runtime/runtime.h"

namespace orrery {

class RealNetwork;
struct NetworkCounters;

/// One node process in the real world: a Boost.Asio io_context run by one thread, the fibers on it, and the
/// answers of runtime/real to every contract of Runtime. One boot per object.
///
/// The loop: handlers of what the kernel reported, then one turn: Clock::Now() moves, timers fire, ready fibers
/// run until none is left, queued messages leave (one system call per peer); then it sleeps until the next I/O
/// or timer. Only main() and tests make one; node code sees the Runtime.
///
/// A process has one RealProcess. Tests may have several, each run by its own thread.
class RealProcess {
 public:
  /// Opens and locks the data directory, binds the listening address, starts the helper threads. Errors name the
  /// thing: kInvalidArgument (an option), kAlreadyExists (the data directory is in use: by which pid), kIoError
  /// (an address in use, a directory that cannot be made).
  static Result<std::unique_ptr<RealProcess>> Create(const RealOptions& options);
  /// Requires: not running.
  ~RealProcess();
  RealProcess(const RealProcess&) = delete;
  RealProcess& operator=(const RealProcess&) = delete;

  /// Runs a node on the calling thread until it calls Process::Exit; returns that reason (ok: a graceful stop).
  /// Then the node is fenced, its fibers are unwound and it is destroyed. Called once.
  Status Run(const NodeFactory& factory);
  /// The same for a tool: runs `body` on a fiber and returns its status. RequestStop and signals cancel it
  /// (kCancelled).
  Status RunFiber(std::function<Status(Runtime&)> body);

  /// Calls Node::RequestStop from the loop, soon. From any thread; a signal does the same.
  void RequestStop();
  /// Calls `function` on the loop's main stack, soon. From any thread. Dropped if the loop has ended.
  void Post(std::function<void()> function);
  /// Ends the boot as a crash would, from the loop, soon: nothing is told to the node. From any thread. For tests.
  void Kill();

  /// What the node sees. Use it only from the loop's thread.
  Runtime& runtime();
  /// The Network's address as bound, "host:port"; empty for a client.
  const std::string& listen_address() const;
  /// Read from the loop's thread, or after Run().
  const NetworkCounters& network_counters() const;
  /// Also after Run(). Why the latest connection attempt to `node` failed ("wrong cluster: ..."), empty if it did not:
  /// lets a tool explain an unreachable cluster. kVersionMismatch and kWrongTarget will not heal by waiting.
  Status LastConnectError(NodeId node) const;

 private:
  struct World;
  explicit RealProcess(std::unique_ptr<World> world);

  std::unique_ptr<World> world_;
};

}  // namespace orrery
