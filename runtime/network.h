#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "runtime/base/bytes.h"
#include "runtime/base/ids.h"

namespace orrery {

/// Where a message goes: a process, and one of its event loops.
struct Endpoint {
  NodeId node;
  uint32_t shard = 0;
  auto operator<=>(const Endpoint&) const = default;
};

/// What a message is for. Numbers travel on the wire: never renumber.
enum class Channel : uint8_t {
  kRpc = 1,       ///< Requests and responses of runtime/rpc.
  kRaft = 2,      ///< Batches of Raft messages between stores.
  kSnapshot = 3,  ///< Chunks of range snapshots between stores.
};

/// Takes the messages of one channel. Called on the event loop's main stack: must not suspend.
class Receiver {
 public:
  virtual ~Receiver() = default;

  virtual void OnMessage(Endpoint from, Bytes message) = 0;
  /// The connection to `peer` ended; messages sent on it and not answered may or may not have arrived.
  /// A new connection epoch begins with the next Send. May be called without any message in between. A receiver of
  /// several channels is told once.
  virtual void OnDisconnect(Endpoint peer) = 0;
  /// No connection to `peer` could be made: nothing sent since the last call of either function has left this
  /// node, nor will it. A network that cannot be sure calls OnDisconnect instead.
  virtual void OnConnectFailed(Endpoint peer) { OnDisconnect(peer); }
};

/// Whole messages between nodes.
///
/// Within one connection epoch messages of one (from, to) pair arrive first-in first-out across all
/// channels, and only a suffix may be lost. Across epochs messages may be lost, duplicated and reordered.
/// Every frame carries a CRC-32C; a damaged one ends the connection. No function suspends.
class Network {
 public:
  virtual ~Network() = default;

  /// This node's own endpoint.
  virtual Endpoint self() const = 0;

  /// Queues a message; connects when needed (addresses come from the AddressBook; a client that has
  /// connected to us is answered on its connection). Never fails and never suspends: what cannot be
  /// delivered is dropped, and OnDisconnect tells.
  /// Requires: message.size() <= kMessageBytesMax.
  virtual void Send(Endpoint to, Channel channel, Bytes message) = 0;

  /// Directs a channel to `receiver` until it is replaced or set to nullptr. Messages of a channel
  /// nobody listens to are dropped.
  virtual void Listen(Channel channel, Receiver* receiver) = 0;

  /// Bytes queued for `to` and not yet handed to the transport. Senders use it for back-pressure.
  virtual size_t QueuedBytes(Endpoint to) const = 0;
};

/// Larger messages are a bug of the sender; larger frames from outside end the connection.
constexpr size_t kMessageBytesMax = size_t{64} << 20;

}  // namespace orrery
