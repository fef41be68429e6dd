#pragma once

#include <cstdint>

namespace orrery {

/// What a RealNetwork went through since its boot.
struct NetworkCounters {
  uint64_t messages_sent = 0;      ///< Queued for a peer.
  uint64_t messages_received = 0;  ///< Delivered or dropped for want of a receiver.
  uint64_t bytes_received = 0;     ///< Payload.
  uint64_t connections_established = 0;
  uint64_t strangers = 0;            ///< Connections that did not begin with our Hello.
  uint64_t hellos_refused = 0;       ///< Another version, cluster or node than expected.
  uint64_t connections_damaged = 0;  ///< Ended by a frame with a wrong checksum, length or channel.
  uint64_t connections_over_limit = 0;
  uint64_t epochs_ended = 0;
  uint64_t queue_overflows = 0;
};

}  // namespace orrery
