#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "runtime/base/time.h"
#include "runtime/fiber/future.h"
#include "runtime/fiber/timer.h"
#include "runtime/rpc/rpc_frame.h"
#include "runtime/rpc/rpc_types.h"

namespace orrery {

class RpcTransport;

struct RpcClientOptions {
  /// More bytes than this queued for a peer: kBusy at once.
  size_t queued_bytes_max = size_t{64} << 20;
  /// More calls than this without an answer, over all peers: kBusy at once.
  size_t calls_max = 100000;
};

/// Never reset.
struct RpcClientCounts {
  uint64_t calls = 0;
  uint64_t answers = 0;
  uint64_t late_answers = 0;  ///< Nobody waits for it: timed out, a duplicate, or of an earlier boot.
  uint64_t timeouts = 0;
  uint64_t disconnects = 0;  ///< Calls that ended because the connection did.
};

/// A call under way. Move-only; dropping it gives the answer up.
class RpcCall {
 public:
  RpcCall() = default;
  RpcCall(RpcCall&&) noexcept = default;
  RpcCall& operator=(RpcCall&&) noexcept = default;

  bool valid() const { return future_.valid(); }
  /// True once Get() would not suspend.
  bool ready() const { return future_.ready(); }
  /// The reply, at the latest when the call's deadline passes. Suspends. Throws Cancelled.
  /// Requires: valid(); called once.
  RpcReply Get();

 private:
  friend class RpcClient;
  explicit RpcCall(Future<RpcReply> future) : future_(std::move(future)) {}

  Future<RpcReply> future_;
};

/// Asks other nodes. A request is sent once and never repeated by this layer; whoever repeats one needs
/// idempotence, because an error may hide an effect. What the errors that arise here (not at the service) mean:
///
///   kTimeout         the deadline had passed before anything was sent: no effect
///   kBusy            too many calls or bytes are queued: not sent, no effect
///   kTooLarge        the request does not fit into a frame: not sent, no effect
///   kUnavailable     the Network could not connect: not sent, no effect (Receiver::OnConnectFailed)
///   kUnknownOutcome  sent, but the connection ended or the deadline passed before an answer: the request may
///                    have had its effect, may have it later, or never. Also: the server dropped it midway.
///
/// All other codes are the service's own and mean what it says.
class RpcClient {
 public:
  explicit RpcClient(RpcTransport& transport, const RpcClientOptions& options = {});
  /// Fails what is under way with kUnknownOutcome.
  ~RpcClient();
  RpcClient(const RpcClient&) = delete;
  RpcClient& operator=(const RpcClient&) = delete;

  /// Asks and waits. Suspends. Throws Cancelled (a late answer is then ignored).
  Result<Bytes> Call(Endpoint to, RpcMethod method, ByteView request, Deadline deadline);
  /// The same with the detail of an error.
  RpcReply CallForReply(Endpoint to, RpcMethod method, ByteView request, Deadline deadline);
  /// Asks and goes on. Does not suspend.
  RpcCall CallAsync(Endpoint to, RpcMethod method, ByteView request, Deadline deadline);
  /// Asks and calls `done` once on the main stack or inside this call (errors before sending); it must not
  /// suspend nor destroy the client. Does not suspend.
  void CallThen(Endpoint to, RpcMethod method, ByteView request, Deadline deadline, std::function<void(RpcReply)> done);

  const RpcClientCounts& counts() const { return counts_; }
  size_t pending() const { return pending_.size(); }

 private:
  friend class RpcTransport;
  using Done = std::function<void(RpcReply)>;
  /// Who is told: a callback or a promise.
  struct Waiter {
    Done done;
    std::optional<Promise<RpcReply>> promise;
    void Tell(RpcReply reply);
  };
  struct Pending {
    Endpoint to;
    Deadline deadline;
    Waiter waiter;
  };

  void Start(Endpoint to, RpcMethod method, ByteView request, Deadline deadline, Waiter waiter);
  Status CheckBeforeSending(Endpoint to, ByteView request, Deadline deadline) const;
  void OnResponse(Endpoint from, const RpcResponseFrame& frame, Bytes message);
  void FailAll(Endpoint peer, const Status& why);
  void Complete(uint64_t sequence, RpcReply reply);
  void OnTimer();
  void ArmTimer();

  RpcTransport& transport_;
  RpcClientOptions options_;
  uint64_t nonce_;
  uint64_t last_sequence_ = 0;
  bool closed_ = false;
  std::map<uint64_t, Pending> pending_;               ///< By sequence.
  std::set<std::pair<Instant, uint64_t>> deadlines_;  ///< Of pending calls that have one.
  Timer timer_;                                       ///< At the first of deadlines_.
  Instant armed_at_;
  RpcClientCounts counts_;
};

}  // namespace orrery
