#pragma once

#include <map>
#include <vector>

#include "raft/core/types.h"
#include "raft/region/envelope.h"
#include "runtime/network.h"

namespace orrery {

struct Runtime;
struct RegionOptions;

/// Raft messages between stores: everything for one store in one turn leaves in one frame. Owned by the Store, used by
/// its loop. Never suspends. What does not arrive is Raft's business.
class RaftTransport final : public Receiver {
 public:
  /// What the transport found on the loop's main stack; must only take note of it.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// A frame from the store at `from`, as it came.
    virtual void OnFrame(Endpoint from, Bytes frame) = 0;
    /// Messages sent to `store` may be lost.
    virtual void OnUnreachable(StoreId store) = 0;
  };

  RaftTransport(Runtime& runtime, const RegionOptions& options, ClusterId cluster, StoreLife self, Listener& listener);
  ~RaftTransport() override;

  void Send(const StoreLife& to, RegionId region, const raft::Message& message);
  void SendRemoved(const StoreLife& to, RegionId region, PeerId removed);
  /// Sends what was collected.
  void Flush();

  uint64_t frames_sent() const { return frames_sent_; }

 private:
  struct Outbox {
    EnvelopeWriter writer;
  };

  void OnMessage(Endpoint from, Bytes message) override;
  void OnDisconnect(Endpoint peer) override;
  Outbox& OutboxFor(const StoreLife& to);
  void FlushOne(const StoreLife& to, Outbox& outbox);

  Runtime& runtime_;
  const RegionOptions& options_;
  ClusterId cluster_;
  StoreLife self_;
  Listener& listener_;
  std::map<std::pair<StoreId, Incarnation>, Outbox> outboxes_;
  Bytes scratch_;
  uint64_t frames_sent_ = 0;
};

}  // namespace orrery
