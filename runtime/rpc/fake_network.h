#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/network.h"

namespace orrery {

/// A network in memory whose test decides what arrives, when, and what is lost. For tests.
class FakeNetwork {
 public:
  struct Packet {
    Endpoint from;
    Endpoint to;
    Bytes bytes;
  };

  /// The Network of one endpoint.
  class Port final : public Network {
   public:
    Port(FakeNetwork& net, Endpoint self) : net_(net), self_(self) {}
    Endpoint self() const override { return self_; }
    void Send(Endpoint to, Channel, Bytes message) override { net_.packets.push_back({self_, to, std::move(message)}); }
    void Listen(Channel, Receiver* receiver) override { receiver_ = receiver; }
    size_t QueuedBytes(Endpoint) const override { return queued_bytes; }

    size_t queued_bytes = 0;

   private:
    friend class FakeNetwork;
    FakeNetwork& net_;
    Endpoint self_;
    Receiver* receiver_ = nullptr;
  };

  Port& PortOf(Endpoint endpoint) {
    auto& port = ports_[endpoint];
    if (port == nullptr) port = std::make_unique<Port>(*this, endpoint);
    return *port;
  }

  /// Delivers the packet at `index`, or a copy of it.
  void Deliver(size_t index, bool keep = false) {
    Packet packet = packets.at(index);
    if (!keep) packets.erase(packets.begin() + static_cast<ptrdiff_t>(index));
    Receiver* receiver = PortOf(packet.to).receiver_;
    if (receiver != nullptr) receiver->OnMessage(packet.from, std::move(packet.bytes));
  }
  void DeliverAll() {
    while (!packets.empty()) Deliver(0);
  }
  /// Ends the connection between two endpoints; what is on the way stays in `packets`, as across epochs.
  void Disconnect(Endpoint a, Endpoint b) {
    if (Receiver* receiver = PortOf(a).receiver_) receiver->OnDisconnect(b);
    if (Receiver* receiver = PortOf(b).receiver_) receiver->OnDisconnect(a);
  }
  /// `from` learns that it cannot reach `to`; what it had queued is gone.
  void FailToConnect(Endpoint from, Endpoint to) {
    std::erase_if(packets, [&](const Packet& packet) { return packet.from == from && packet.to == to; });
    if (Receiver* receiver = PortOf(from).receiver_) receiver->OnConnectFailed(to);
  }

  std::vector<Packet> packets;  ///< On their way, oldest first.

 private:
  std::map<Endpoint, std::unique_ptr<Port>> ports_;
};

}  // namespace orrery
