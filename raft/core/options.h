#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "runtime/base/ids.h"
#include "runtime/base/probe.h"
#include "runtime/base/status.h"

namespace orrery::raft {

/// How one store's groups behave. One object is shared by all of them, outlives them, and does not change.
struct RaftOptions {
  /// Ticks without a leader's word before a follower may campaign: the minimum; each term's timeout is drawn from
  /// [election_ticks, 2 * election_ticks). Also the check-quorum period and how long a voter protects a leader.
  /// Range [2, 100000]. Default 10: with 100 ms ticks, one to two seconds.
  uint32_t election_ticks = 10;
  /// Ticks between a leader's heartbeats. Range [1, election_ticks). Default 2.
  uint32_t heartbeat_ticks = 2;
  /// Ask before campaigning, so that a peer back from a partition deposes nobody (thesis 9.6). Default on.
  bool pre_vote = true;
  /// A leader without a quorum steps down, and voters that heard a leader within election_ticks refuse others
  /// (thesis 6.2, 6.4.1). Lease reads need it. Default on.
  bool check_quorum = true;
  /// No vote, not even for itself, during the first 2 * election_ticks of a life: what this peer acknowledged to
  /// a leader before the restart still holds. Lease reads need it, unless the shell can prove that
  /// the peer was down for longer. Default on.
  bool no_vote_after_restart = true;
  /// Bytes of entries in one append (Entry::ByteSize); one entry always fits. Range [1, 64 MiB]. Default 1 MiB.
  size_t append_bytes_max = 1 << 20;
  /// Appends sent to one follower and not acknowledged. Range [1, 65536]. Default 256.
  uint32_t inflight_messages_max = 256;
  /// Bytes of the same; a follower is paused once this much is under way. Range [append_bytes_max, 1 GiB].
  /// Default 16 MiB.
  size_t inflight_bytes_max = 16 << 20;
  /// Bytes proposed in this term and not committed; beyond, Propose says kBusy. One proposal is always accepted
  /// when none is pending. Range [1, 4 GiB]. Default 64 MiB.
  size_t uncommitted_bytes_max = 64 << 20;
  /// Bytes of committed entries handed out and not yet reported applied. At least one entry is always handed out.
  /// Range [1, 1 GiB]. Default 4 MiB.
  size_t apply_bytes_max = 4 << 20;
  /// Bytes of stored entries a peer keeps in memory until they are handed out for applying; older ones are read
  /// through LogReader. Range [0, 1 GiB]. Default 4 MiB.
  size_t cache_bytes_max = 4 << 20;
  /// Largest command Propose accepts. Range [1, 256 MiB]. Default 16 MiB.
  size_t command_bytes_max = 16 << 20;
  /// Reads waiting for a quorum at one leader; beyond, ReadIndex says kBusy. Range [1, 1000000]. Default 10000.
  uint32_t pending_reads_max = 10000;
  /// Counts rare paths; may be null. Outlives the groups.
  Probes* probes = nullptr;

  /// kInvalidArgument naming the field, its value and its range.
  Status Validate() const;
};

/// The election timeout of a peer in a term: a function of names, not the next number of a stream, so a copied or
/// replayed peer behaves the same. Uniform in [election_ticks, 2 * election_ticks).
uint32_t ElectionTimeoutTicks(uint32_t election_ticks, uint64_t seed, Term term);

}  // namespace orrery::raft
