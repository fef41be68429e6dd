#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "sim/choices.h"
#include "sim/disk/sim_disk.h"
#include "sim/faults.h"

namespace orrery::sim {

class EventSink;
class Trace;

/// Latency of a message: min + uniform(spread), now and then + uniform(tail); a function of (link, channel,
/// time slot), plus size over bandwidth.
struct NetworkOptions {
  Duration latency_min = microseconds(50);
  Duration latency_spread = microseconds(250);
  double tail_probability = 0.01;
  Duration tail_max = milliseconds(20);
  Duration slot = microseconds(100);
  uint64_t bytes_per_second = 1'000'000'000;
  /// Messages waiting for one peer; beyond it the connection ends. One message always fits.
  size_t queue_bytes_max = size_t{64} << 20;
  /// What the transport takes before QueuedBytes counts.
  size_t socket_buffer_bytes = size_t{256} << 10;
  Duration connect_timeout = seconds(2);
  /// A connection through which nothing comes for this long is dead.
  Duration silence_max = seconds(10);
  /// Shares of the messages lost at the end of a connection that arrive later nevertheless, and of all
  /// messages that arrive once more after their connection ended.
  double old_epoch_probability = 0;
  double duplicate_probability = 0;
  Duration old_epoch_delay_max = seconds(2);
  /// Whether such messages may reach a later boot of the receiver or come from an earlier boot of the
  /// sender. Off: a TCP connection belongs to two processes.
  bool old_epoch_crosses_boots = false;
};

/// Times around an offloaded job; what its disk operations take comes on top.
struct OffloadOptions {
  Duration start_min = microseconds(2);  ///< From Run() to the effect, the lane being free.
  Duration start_spread = microseconds(20);
  Duration report_min = microseconds(2);  ///< From the end of the job to the loop hearing of it.
  Duration report_spread = microseconds(20);
};

/// One node's clocks. What is absent is chosen by the seed: starts around zero, 2^31 ms, 2^32 ms and more than
/// two years; drift within +-100 parts per million; wall clocks up to 300 ms off. Calm clocks: start 1 hour,
/// no drift, no skew.
struct ClockOptions {
  std::optional<Instant> start;
  std::optional<int64_t> drift_ppb;
  std::optional<Duration> wall_skew;
};

struct NodeOptions {
  /// Path name of the node; empty: "node2", for clients "client1".
  std::string name;
  ClockOptions clock;
  /// Of the node's SimDisk. `random` and `probes` are set by the World.
  uint64_t disk_capacity_bytes = UINT64_MAX;
  DiskLatency disk_latency;
  /// A node without an engine is cheaper to boot: Runtime::rocks may not be used then.
  bool has_engine = true;
  /// Whether the address book of each boot starts with all nodes of the world.
  bool knows_everyone = true;
  /// How long one turn keeps the loop busy.
  Duration turn_cost = microseconds(1);
};

/// A node has ended itself (Process::Exit).
struct NodeExit {
  NodeId node;
  uint64_t boot = 0;
  Duration at{};
  Status reason;
};

struct WorldOptions {
  ChoiceOptions choices;
  NetworkOptions network;
  OffloadOptions offload;
  /// The run ends with RunOutcome::kEventBudget after this many events.
  uint64_t events_max = UINT64_MAX;
  /// Null: none. Both outlive the World.
  Trace* trace = nullptr;
  EventSink* events = nullptr;
  /// Fills dead stack below the loop before each event, so that uninitialised reads differ between runs.
  std::optional<unsigned char> stack_fill;
  /// Names for reports of crashes: who, and the line that repeats the run.
  std::string scenario;
  std::string repro;
};

}  // namespace orrery::sim
