#include "runtime/rpc/rpc_client.h"

#include <utility>
#include <vector>

#include "runtime/fiber/scheduler.h"
#include "runtime/rpc/rpc_transport.h"

namespace orrery {
namespace {

/// The payload of a frame is its tail: what remains of the message once the head is cut off.
Bytes KeepTail(Bytes message, size_t tail_size) {
  message.erase(0, message.size() - tail_size);
  return message;
}

}  // namespace

RpcReply RpcCall::Get() {
  Result<RpcReply> reply = future_.Get();
  return reply.ok() ? std::move(*reply) : RpcReply(reply.status());
}

void RpcClient::Waiter::Tell(RpcReply reply) {
  if (promise.has_value()) {
    promise->Set(std::move(reply));
  } else {
    done(std::move(reply));
  }
}

RpcClient::RpcClient(RpcTransport& transport, const RpcClientOptions& options)
    : transport_(transport),
      options_(options),
      nonce_(transport.environment().random.Split("client nonce").NextU64()),
      timer_(transport.environment().scheduler, [this] { OnTimer(); }) {
  ORRERY_ASSERT(transport_.client_ == nullptr);
  transport_.client_ = this;
}

RpcClient::~RpcClient() {
  closed_ = true;
  while (!pending_.empty()) {
    Complete(pending_.begin()->first, Status(StatusCode::kUnknownOutcome, "the client closed before an answer"));
  }
  transport_.client_ = nullptr;
}

Result<Bytes> RpcClient::Call(Endpoint to, RpcMethod method, ByteView request, Deadline deadline) {
  return CallForReply(to, method, request, deadline).ToResult();
}

RpcReply RpcClient::CallForReply(Endpoint to, RpcMethod method, ByteView request, Deadline deadline) {
  return CallAsync(to, method, request, deadline).Get();
}

RpcCall RpcClient::CallAsync(Endpoint to, RpcMethod method, ByteView request, Deadline deadline) {
  Promise<RpcReply> promise;
  RpcCall call(promise.GetFuture());
  Start(to, method, request, deadline, Waiter{nullptr, std::move(promise)});
  return call;
}

void RpcClient::CallThen(Endpoint to, RpcMethod method, ByteView request, Deadline deadline, Done done) {
  Start(to, method, request, deadline, Waiter{std::move(done), std::nullopt});
}

Status RpcClient::CheckBeforeSending(Endpoint to, ByteView request, Deadline deadline) const {
  RpcEnvironment& environment = transport_.environment();
  if (closed_) return Status(StatusCode::kUnavailable, "the rpc client is closing; nothing was sent");
  if (deadline.PassedAt(environment.scheduler.now()))
    return Status(StatusCode::kTimeout, "the deadline passed before anything was sent");
  if (request.size() > kRpcPayloadBytesMax)
    return Status(StatusCode::kTooLarge, "a request of " + std::to_string(request.size()) + " bytes");
  // Legal, as below: any call may find too many before it.
  if (pending_.size() >= options_.calls_max || environment.probes.Buggify("rpc.client.calls_max", 0.005)) {
    ORRERY_PROBE(environment.probes, "rpc.client.too_many_calls");
    return Status(StatusCode::kBusy, std::to_string(pending_.size()) + " calls await answers");
  }
  if (environment.network.QueuedBytes(to) > options_.queued_bytes_max ||
      environment.probes.Buggify("rpc.client.queue_full", 0.005)) {
    ORRERY_PROBE(environment.probes, "rpc.client.send_queue_full");
    return Status(StatusCode::kBusy, "the send queue to node " + ToString(to.node) + " is full");
  }
  return Status::Ok();
}

void RpcClient::Start(Endpoint to, RpcMethod method, ByteView request, Deadline deadline, Waiter waiter) {
  ++counts_.calls;
  Status refused = CheckBeforeSending(to, request, deadline);
  if (!refused.ok()) return waiter.Tell(RpcReply(std::move(refused)));
  RpcEnvironment& environment = transport_.environment();
  const uint64_t sequence = ++last_sequence_;
  pending_.emplace(sequence, Pending{to, deadline, std::move(waiter)});
  RpcRequestFrame frame{.id = {nonce_, sequence}, .method = method, .budget = std::nullopt, .payload = request};
  if (!deadline.never()) {
    frame.budget = deadline.at() - environment.scheduler.now();
    deadlines_.emplace(deadline.at(), sequence);
    ArmTimer();
  }
  environment.network.Send(to, Channel::kRpc, EncodeRpcRequest(frame));
}

void RpcClient::OnResponse(Endpoint from, const RpcResponseFrame& frame, Bytes message) {
  const auto found = frame.id.nonce == nonce_ ? pending_.find(frame.id.sequence) : pending_.end();
  const bool awaited = found != pending_.end() && found->second.to == from;
  if (!awaited) {
    ++counts_.late_answers;
    ORRERY_PROBE(transport_.environment().probes, "rpc.client.late_answer");
    return;
  }
  ++counts_.answers;
  Status status = StatusOf(frame);
  Bytes payload = KeepTail(std::move(message), frame.payload.size());
  RpcReply reply(std::move(status), std::move(payload));
  reply.answered = true;
  Complete(frame.id.sequence, std::move(reply));
}

void RpcClient::Complete(uint64_t sequence, RpcReply reply) {
  auto ended = pending_.extract(sequence);
  ORRERY_ASSERT(!ended.empty());
  Pending& call = ended.mapped();
  if (!call.deadline.never()) {
    deadlines_.erase({call.deadline.at(), sequence});
    ArmTimer();
  }
  call.waiter.Tell(std::move(reply));
}

void RpcClient::FailAll(Endpoint peer, const Status& why) {
  // Collected first: a callback may start the next call, which belongs to the next connection epoch.
  std::vector<uint64_t> ended;
  for (const auto& [sequence, call] : pending_) {
    if (call.to == peer) ended.push_back(sequence);
  }
  if (!ended.empty()) ORRERY_PROBE(transport_.environment().probes, "rpc.client.disconnected_with_calls");
  counts_.disconnects += ended.size();
  for (const uint64_t sequence : ended) Complete(sequence, why);
}

void RpcClient::ArmTimer() {
  if (deadlines_.empty()) return timer_.Disarm();
  const Instant first = deadlines_.begin()->first;
  if (armed_at_ == first && timer_.armed()) return;
  armed_at_ = first;
  timer_.Arm(first);
}

void RpcClient::OnTimer() {
  const Instant now = transport_.environment().scheduler.now();
  std::vector<uint64_t> expired;
  for (const auto& [at, sequence] : deadlines_) {
    if (at > now) break;
    expired.push_back(sequence);
  }
  counts_.timeouts += expired.size();
  for (const uint64_t sequence : expired) {
    ORRERY_PROBE(transport_.environment().probes, "rpc.client.deadline_after_sending");
    Complete(sequence, Status(StatusCode::kUnknownOutcome, "no answer before the deadline"));
  }
  ArmTimer();
}

}  // namespace orrery
