#pragma once

#include <cstddef>
#include <cstdint>

#include "raft/core/options.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"

namespace orrery {

/// How the Raft groups of one store behave. Every number is a knob that the simulation draws from its whole range.
struct RegionOptions {
  /// One raft tick. Range [1 ms, 10 s]. Default 100 ms. The same on all stores of a cluster: lease reads need it.
  Duration tick = milliseconds(100);
  /// Elections, heartbeats, windows; in ticks. `probes` is filled in by the store.
  raft::RaftOptions raft;

  /// Commands that wait together are packed into entries of at most this many bytes (one command always fits).
  /// Range [1, 4 MiB]. Default 128 KiB.
  size_t entry_bytes_max = size_t{128} << 10;
  /// Commands in one entry. Range [1, 4096]. Default 1024.
  size_t entry_commands_max = 1024;
  /// Bytes of commands waiting to be proposed; beyond, kBusy. Range [1 KiB, 4 GiB]. Default 64 MiB.
  size_t pending_bytes_max = size_t{64} << 20;
  /// Reads waiting for a read index; beyond, kBusy. Range [1, 1000000]. Default 100000.
  size_t pending_reads_max = 100'000;
  /// Size at which a frame of Raft messages to one store is closed. Range [1 KiB, 32 MiB]. Default 4 MiB.
  size_t frame_bytes_max = size_t{4} << 20;
  /// Bytes queued in the network for one store beyond which appends to it are dropped (Raft sends them again).
  /// Range [1 KiB, 1 GiB]. Default 48 MiB.
  size_t send_queue_bytes_max = size_t{48} << 20;
  /// Bytes of received frames, and as many of snapshot chunks, that wait for the store's loop; beyond, they are
  /// dropped (Raft sends them again). Range [1 KiB, 1 GiB]. Default 64 MiB.
  size_t inbox_bytes_max = size_t{64} << 20;

  /// Whether leaders read under a lease. Off: every read asks a quorum. Default on.
  bool lease_reads = true;
  /// How much faster or slower one store's monotonic clock may run than another's, in percent. The lease is
  /// shorter than the voters' promise by this. Range [0, 90]. Default 10.
  uint32_t clock_drift_percent = 10;

  /// A client session is forgotten when this many entries were applied since its last use. Decided by the leader
  /// that opens the session. Range [1, 1e12]. Default 1,000,000.
  uint64_t session_expiry_entries = 1'000'000;
  /// Entries between two stored copies of the session table. Range [1, 1e9]. Default 4096.
  uint64_t session_checkpoint_entries = 4096;

  /// Log entries kept behind the applied index for slow followers, at most. Range [1, 1e12]. Default 1,000,000.
  uint64_t log_entries_max = 1'000'000;
  /// Bytes of the same, which also bounds what one dead follower may cost. Range [1, 1 TiB]. Default 256 MiB.
  uint64_t log_bytes_max = uint64_t{256} << 20;
  /// Entries kept although everybody has them, for followers that restart. Range [0, 1e12]. Default 1024.
  uint64_t log_entries_min = 1024;
  /// Ticks between two looks at the log's size. Range [1, 1e6]. Default 10.
  uint32_t log_gc_ticks = 10;

  /// Bytes of one snapshot chunk. Range [1, 32 MiB]. Default 512 KiB.
  size_t snapshot_chunk_bytes = size_t{512} << 10;
  /// Chunks on their way to one follower. Range [1, 1024]. Default 4.
  uint32_t snapshot_window_chunks = 4;
  /// Snapshots sent at a time by one store; further followers wait. Range [1, 1024]. Default 2.
  uint32_t snapshot_sends_max = 2;
  /// Snapshots received at a time by one store. Range [1, 1024]. Default 4.
  uint32_t snapshot_receives_max = 4;
  /// A snapshot that made no progress for this long is given up (and begun again). Range [10 ms, 1 h]. Default 10 s.
  Duration snapshot_patience = seconds(10);

  /// Ticks between two comparisons of the replicas' contents, proposed by the leader; 0: never. Range [0, 1e9].
  /// Default 0: a comparison reads the whole region.
  uint64_t consistency_check_ticks = 0;
  /// Whether raft/core's invariants are checked after every step. Default on.
  bool check_invariants = true;

  /// kInvalidArgument naming the field, its value and its range.
  Status Validate() const;
};

}  // namespace orrery
