#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "runtime/fiber/task_group.h"
#include "runtime/rpc/rpc_frame.h"
#include "runtime/rpc/rpc_types.h"

namespace orrery {

class RpcTransport;

struct RpcServerOptions {
  /// Requests in fibers at a time. Above it: kBusy at once.
  size_t fiber_requests_max = 1024;
  /// Responders not yet completed. Above it: kBusy at once.
  size_t deferred_requests_max = 100000;
  /// More answer bytes than this queued for a caller: its new requests get kBusy.
  size_t queued_bytes_max = size_t{64} << 20;
};

/// Never reset.
struct RpcServerCounts {
  uint64_t requests = 0;
  uint64_t busy = 0;             ///< Refused by a bound above.
  uint64_t expired = 0;          ///< Dropped unanswered: the caller had given up before work began.
  uint64_t unknown_methods = 0;  ///< Answered kVersionMismatch.
  uint64_t dropped_responders = 0;
};

/// The duty to answer one request. Move-only; may be kept anywhere on the loop and completed from a fiber or from
/// the main stack. Dropping it uncompleted answers kUnknownOutcome, for the request may have been half done; who
/// knows that it had no effect completes it with kCancelled or kBusy. After the server is gone it does nothing.
/// No function suspends.
class Responder {
 public:
  Responder() = default;
  ~Responder();
  Responder(Responder&& other) noexcept;
  Responder& operator=(Responder&& other) noexcept;

  /// Sends the answer. Requires: valid().
  void Complete(RpcReply reply);
  bool valid() const { return link_ != nullptr; }

 private:
  friend class RpcServer;
  struct Link;  // What responders share with the server; says when it is gone.
  Responder(std::shared_ptr<Link> link, Endpoint to, RpcCallId id, bool deferred);
  void Drop();
  /// Ends the duty; the answer is not sent.
  void Forget();

  std::shared_ptr<Link> link_;
  Endpoint to_;
  RpcCallId id_;
  bool deferred_ = false;
};

/// Answers other nodes. A request may arrive more than once (the Network may duplicate across connection epochs),
/// so handlers with effects need idempotence.
///
/// Two ways to serve a method:
///  - a fiber per request, bounded: the handler may suspend and returns its answer;
///  - deferred: the handler runs on the main stack as the request arrives, must not suspend, and hands its Responder
///    to whoever will answer later. For methods with thousands under way at a time.
class RpcServer {
 public:
  /// Does not see requests until methods are registered: they get kVersionMismatch.
  explicit RpcServer(RpcTransport& transport, const RpcServerOptions& options = {});
  /// Kills the fibers that still serve; their callers get kUnknownOutcome.
  ~RpcServer();
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

  /// `request` lives until the handler returns.
  using Handler = std::function<RpcReply(const RpcContext& context, ByteView request)>;
  using DeferredHandler = std::function<void(const RpcContext& context, Bytes request, Responder responder)>;

  /// `name` is a literal: the role of the fibers, and the name in logs. Requires: `method` is not registered.
  void Register(RpcMethod method, const char* name, Handler handler);
  void RegisterDeferred(RpcMethod method, const char* name, DeferredHandler handler);

  /// From now on requests get kUnavailable; what is under way goes on. Does not suspend.
  void Stop() { stopped_ = true; }
  /// Waits until nothing is under way. Suspends. False if `deadline` passed first.
  [[nodiscard]] bool Drain(Deadline deadline);

  const RpcServerCounts& counts() const;
  size_t fiber_requests() const { return group_.count(); }
  size_t deferred_requests() const;

 private:
  friend class RpcTransport;
  struct Service {
    const char* name;
    Handler handler;
    DeferredHandler deferred;  ///< Exactly one of the two is set.
  };

  void OnRequest(Endpoint from, const RpcRequestFrame& frame, Bytes message);
  void StartFiber(const Service& service, const RpcCallId& id, const RpcContext& context, Bytes request,
                  Responder responder);
  /// Ok, or why the request is not served.
  Status Admit(const Service* service, Endpoint from) const;

  RpcTransport& transport_;
  RpcServerOptions options_;
  bool stopped_ = false;
  std::map<RpcMethod, Service> services_;
  std::shared_ptr<Responder::Link> link_;
  TaskGroup group_;
};

}  // namespace orrery
