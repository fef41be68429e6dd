#include "runtime/rpc/rpc_server.h"

#include <string>
#include <utility>

#include "runtime/base/random.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/rpc/rpc_transport.h"

namespace orrery {
namespace {

/// As long as short-lived requests live, for simulations.
constexpr Duration kLateStart = milliseconds(150);

}  // namespace

struct Responder::Link {
  RpcTransport* transport = nullptr;  ///< nullptr once the server is gone.
  size_t deferred = 0;
  RpcServerCounts counts;
  Condition idle{"rpc server: drain"};

  void Send(Endpoint to, const RpcCallId& id, const RpcReply& reply) {
    if (transport == nullptr) return;
    RpcEnvironment& environment = transport->environment();
    RpcResponseFrame frame{id, static_cast<uint8_t>(reply.status.code()), reply.status.message(), reply.payload};
    std::string too_large;
    if (frame.payload.size() > kRpcPayloadBytesMax) {
      too_large = "the answer of " + std::to_string(frame.payload.size()) + " bytes fits into no frame";
      frame = {id, static_cast<uint8_t>(StatusCode::kUnknownOutcome), too_large, {}};
    }
    environment.network.Send(to, Channel::kRpc, EncodeRpcResponse(frame));
  }
};

// ---- Responder ----

Responder::Responder(std::shared_ptr<Link> link, Endpoint to, RpcCallId id, bool deferred)
    : link_(std::move(link)), to_(to), id_(id), deferred_(deferred) {
  if (deferred_) ++link_->deferred;
}

Responder::Responder(Responder&& other) noexcept
    : link_(std::move(other.link_)), to_(other.to_), id_(other.id_), deferred_(other.deferred_) {
  other.link_ = nullptr;
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this == &other) return *this;
  Drop();
  link_ = std::exchange(other.link_, nullptr);
  to_ = other.to_;
  id_ = other.id_;
  deferred_ = other.deferred_;
  return *this;
}

Responder::~Responder() {
  Drop();
}

void Responder::Complete(RpcReply reply) {
  ORRERY_ASSERT(valid());
  const std::shared_ptr<Link> link = link_;
  Forget();
  link->Send(to_, id_, reply);
}

void Responder::Forget() {
  const std::shared_ptr<Link> link = std::exchange(link_, nullptr);
  if (!deferred_) return;
  if (--link->deferred == 0) link->idle.NotifyAll();
}

void Responder::Drop() {
  if (!valid()) return;
  ++link_->counts.dropped_responders;
  if (link_->transport != nullptr) ORRERY_PROBE(link_->transport->environment().probes, "rpc.server.responder_dropped");
  Complete(Status(StatusCode::kUnknownOutcome, "the server gave the request up midway"));
}

// ---- RpcServer ----

RpcServer::RpcServer(RpcTransport& transport, const RpcServerOptions& options)
    : transport_(transport),
      options_(options),
      link_(std::make_shared<Responder::Link>()),
      group_(transport.environment().domain, "rpc server", options.fiber_requests_max) {
  ORRERY_ASSERT(transport_.server_ == nullptr);
  transport_.server_ = this;
  link_->transport = &transport_;
  RegisterDeferred(RpcOwnMethod::kEcho, "echo", [](const RpcContext&, Bytes request, Responder responder) {
    responder.Complete(std::move(request));
  });
}

RpcServer::~RpcServer() {
  stopped_ = true;
  group_.KillAll();
  link_->transport = nullptr;
  transport_.server_ = nullptr;
}

void RpcServer::Register(RpcMethod method, const char* name, Handler handler) {
  ORRERY_ASSERT(handler != nullptr);
  const bool inserted = services_.emplace(method, Service{name, std::move(handler), nullptr}).second;
  ORRERY_ASSERT_THAT(inserted, std::string("two handlers for rpc method ") + name);
}

void RpcServer::RegisterDeferred(RpcMethod method, const char* name, DeferredHandler handler) {
  ORRERY_ASSERT(handler != nullptr);
  const bool inserted = services_.emplace(method, Service{name, nullptr, std::move(handler)}).second;
  ORRERY_ASSERT_THAT(inserted, std::string("two handlers for rpc method ") + name);
}

const RpcServerCounts& RpcServer::counts() const {
  return link_->counts;
}

size_t RpcServer::deferred_requests() const {
  return link_->deferred;
}

bool RpcServer::Drain(Deadline deadline) {
  const std::shared_ptr<Responder::Link> link = link_;
  if (!group_.JoinAllUntil(deadline)) return false;
  return link->idle.AwaitUntil(deadline, [&] { return link->deferred == 0; });
}

Status RpcServer::Admit(const Service* service, Endpoint from) const {
  RpcEnvironment& environment = transport_.environment();
  if (stopped_) return Status(StatusCode::kUnavailable, "the server is stopping");
  if (service == nullptr) return Status(StatusCode::kVersionMismatch, "no such rpc method");
  const bool deferred = service->deferred != nullptr;
  if (deferred ? link_->deferred >= options_.deferred_requests_max : group_.full()) {
    ORRERY_PROBE(environment.probes, "rpc.server.too_many_requests");
    return Status(StatusCode::kBusy, std::string("too many requests under way for ") + service->name);
  }
  // Legal: a request may find any amount of answers queued.
  if (environment.network.QueuedBytes(from) > options_.queued_bytes_max ||
      environment.probes.Buggify("rpc.server.queue_full", 0.005)) {
    ORRERY_PROBE(environment.probes, "rpc.server.send_queue_full");
    return Status(StatusCode::kBusy, "earlier answers are still queued");
  }
  return Status::Ok();
}

void RpcServer::OnRequest(Endpoint from, const RpcRequestFrame& frame, Bytes message) {
  ++link_->counts.requests;
  const auto found = services_.find(frame.method);
  const Service* service = found == services_.end() ? nullptr : &found->second;
  if (Status refused = Admit(service, from); !refused.ok()) {
    if (refused.code() == StatusCode::kBusy) ++link_->counts.busy;
    if (refused.code() == StatusCode::kVersionMismatch) {
      ++link_->counts.unknown_methods;
      refused = Status(refused.code(), "no rpc method " + std::to_string(frame.method.number()));
    }
    return link_->Send(from, frame.id, RpcReply(std::move(refused)));
  }
  ORRERY_ASSERT(service != nullptr);  // Admitted.
  const Instant now = transport_.environment().scheduler.now();
  const RpcContext context{from, frame.method,
                           frame.budget.has_value() ? Deadline::After(now, *frame.budget) : Deadline::Never()};
  const bool deferred = service->deferred != nullptr;
  Responder responder(link_, from, frame.id, deferred);
  const RpcCallId id = frame.id;
  const size_t payload_size = frame.payload.size();
  message.erase(0, message.size() - payload_size);  // `frame` has lost its views.
  if (deferred) return service->deferred(context, std::move(message), std::move(responder));
  StartFiber(*service, id, context, std::move(message), std::move(responder));
}

void RpcServer::StartFiber(const Service& service, const RpcCallId& id, const RpcContext& context, Bytes request,
                           Responder responder) {
  // A name that does not depend on what else is under way.
  const uint64_t key = HashCombine(HashCombine(context.from.node.value(), id.nonce), id.sequence);
  const bool spawned = group_.TrySpawn({service.name, key}, [this, &service, context, request = std::move(request),
                                                             responder = std::move(responder)]() mutable {
    RpcEnvironment& environment = transport_.environment();
    // Legal: nobody promises a fiber when it begins.
    if (environment.probes.Buggify("rpc.server.late_start", 0.05)) environment.scheduler.SleepFor(kLateStart);
    if (context.deadline.PassedAt(environment.scheduler.now())) {
      ++link_->counts.expired;
      ORRERY_PROBE(environment.probes, "rpc.server.expired_request_dropped");
      return responder.Forget();
    }
    responder.Complete(service.handler(context, request));
  });
  if (spawned) return;
  // Only a killed domain refuses here: the node is going down, and its network is fenced.
  ORRERY_ASSERT(transport_.environment().domain.killed());
}

}  // namespace orrery
