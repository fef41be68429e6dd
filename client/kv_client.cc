#include "client/kv_client.h"

#include "client/backoff.h"
#include "runtime/base/probe.h"
#include "runtime/clock.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/network.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/runtime.h"

namespace orrery {
namespace {

/// Ends a sequence number on every way out of a write.
class SequenceGuard {
 public:
  SequenceGuard(std::shared_ptr<Session> session, WaitQueue& room)
      : session_(std::move(session)), room_(room), sequence_(session_->Begin()) {}
  ~SequenceGuard() {
    session_->Finish(sequence_);
    if (session_->HasRoom()) room_.NotifyAll();
  }
  SequenceGuard(const SequenceGuard&) = delete;
  SequenceGuard& operator=(const SequenceGuard&) = delete;

  uint64_t sequence() const { return sequence_; }

 private:
  std::shared_ptr<Session> session_;
  WaitQueue& room_;
  uint64_t sequence_;
};

/// True if the answer settles the request: another attempt would say the same.
bool IsFinal(StatusCode code) {
  return !IsRetryable(code) && code != StatusCode::kUnknownOutcome;
}

std::optional<ErrorDetail> DetailOf(ByteView payload) {
  if (payload.empty()) return std::nullopt;
  Result<ErrorDetail> detail = Decode<ErrorDetail>(payload);
  return detail.ok() ? std::optional(*std::move(detail)) : std::nullopt;
}

Status DeadlinePassed(bool maybe_applied, const Status& last) {
  std::string why = "deadline passed";
  if (!last.ok()) why += "; last answer " + last.ToString();
  return Status(maybe_applied ? StatusCode::kUnknownOutcome : StatusCode::kTimeout, std::move(why));
}

}  // namespace

KvClient::KvClient(Runtime& runtime, RpcClient& rpc, ClientOptions options)
    : runtime_(runtime), rpc_(rpc), options_(std::move(options)), router_(options_.stores, runtime.addresses) {
  ORRERY_ASSERT(options_.Validate().ok());
}

KvClient::~KvClient() = default;

KvClient::Outcome KvClient::AskLeader(KvMethod method, const Bytes& request, Deadline deadline) {
  Outcome outcome;
  Backoff backoff(options_.backoff_min, options_.backoff_max, runtime_.random.Split("backoff").Split(++operations_));
  while (true) {
    const Instant now = runtime_.clock.Now();
    if (deadline.PassedAt(now)) {
      if (outcome.may_be_copied && !outcome.maybe_applied)
        ORRERY_PROBE(runtime_.probes, "client.refusal_may_be_copied");
      outcome.status = DeadlinePassed(outcome.maybe_applied || outcome.may_be_copied, outcome.status);
      return outcome;
    }
    const StoreId target = router_.Target();
    RpcReply reply = rpc_.CallForReply(Endpoint{NodeIdOf(target)}, method, request,
                                       deadline.Earlier(Deadline::After(now, options_.attempt_timeout)));
    outcome.status = reply.status;
    if (reply.status.ok() || IsFinal(reply.status.code())) {
      router_.Confirm(target);
      outcome.payload = std::move(reply.payload);
      return outcome;
    }
    if (reply.status.code() == StatusCode::kUnknownOutcome) outcome.maybe_applied = true;
    outcome.may_be_copied |= reply.answered;
    const std::optional<ErrorDetail> hint = DetailOf(reply.payload);
    if (reply.status.code() != StatusCode::kBusy) router_.Reject(target, hint);
    if (hint && hint->leader_store.valid() && router_.Target() == hint->leader_store) {
      ORRERY_PROBE(runtime_.probes, "client.followed_hint");
      continue;
    }
    runtime_.scheduler.SleepUntil(deadline.Earlier(Deadline::After(runtime_.clock.Now(), backoff.Next())).at());
  }
}

Result<std::shared_ptr<Session>> KvClient::OpenSession(Deadline deadline) {
  if (!opening_.LockUntil(deadline)) {
    return Status(StatusCode::kTimeout, "no session was opened before the deadline; nothing was sent");
  }
  const MutexLock lock(opening_, std::adopt_lock);
  if (session_ != nullptr) return session_;
  const Bytes request =
      Encode(OpenSessionRequest{.region = options_.region, .nonce = runtime_.network.self().node.value()});
  const Outcome outcome = AskLeader(KvMethod::kOpenSession, request, deadline);
  // A session opened and never heard of is one that nobody uses: nothing has happened for the caller.
  if (outcome.status.code() == StatusCode::kUnknownOutcome) {
    return Status(StatusCode::kTimeout, "no session was opened before the deadline");
  }
  ORRERY_RETURN_IF_ERROR(outcome.status);
  ORRERY_ASSIGN_OR_RETURN(const OpenSessionResponse response, Decode<OpenSessionResponse>(outcome.payload));
  session_ = std::make_shared<Session>(response.session, options_.session_window);
  return session_;
}

Result<WriteResponse> KvClient::Apply(WriteOp op, Deadline deadline) {
  ORRERY_RETURN_IF_ERROR(ValidateWrite(op));
  WriteRequest request{.region = options_.region, .op = std::move(op)};
  while (true) {
    ORRERY_ASSIGN_OR_RETURN(const std::shared_ptr<Session> session, OpenSession(deadline));
    while (!session->HasRoom()) {
      ORRERY_PROBE(runtime_.probes, "client.session_window_full");
      if (!room_.WaitUntil(deadline)) {
        return Status(StatusCode::kTimeout, "too many writes await answers; nothing was sent");
      }
    }
    const SequenceGuard guard(session, room_);
    request.session = session->id();
    request.sequence = guard.sequence();
    request.lowest_unanswered = session->lowest_unanswered();
    const Outcome outcome = AskLeader(KvMethod::kWrite, Encode(request), deadline);
    if (outcome.status.ok()) return Decode<WriteResponse>(outcome.payload);
    if (outcome.status.code() != StatusCode::kNotFound) {
      // What refuses this attempt says nothing about an earlier one.
      if (!outcome.maybe_applied && !outcome.may_be_copied) return outcome.status;
      return Status(StatusCode::kUnknownOutcome, outcome.status.ToString());
    }
    // The stores have forgotten the session, and with it whether an earlier attempt took effect.
    ORRERY_PROBE(runtime_.probes, "client.session_expired");
    if (session_ == session) session_.reset();
    if (outcome.maybe_applied || outcome.may_be_copied) {
      return Status(StatusCode::kUnknownOutcome, "the session expired between two attempts");
    }
  }
}

Result<std::optional<Bytes>> KvClient::Get(Bytes key, Deadline deadline) {
  ORRERY_RETURN_IF_ERROR(ValidateKey(key));
  ORRERY_ASSIGN_OR_RETURN(
      const Bytes payload,
      Read(KvMethod::kGet, Encode(GetRequest{.region = options_.region, .key = std::move(key)}), deadline));
  ORRERY_ASSIGN_OR_RETURN(GetResponse response, Decode<GetResponse>(payload));
  return std::move(response.value);
}

Result<ScanResponse> KvClient::Scan(ScanRequest request, Deadline deadline) {
  request.region = options_.region;
  ORRERY_ASSIGN_OR_RETURN(const Bytes payload, Read(KvMethod::kScan, Encode(request), deadline));
  return Decode<ScanResponse>(payload);
}

Result<Bytes> KvClient::Read(KvMethod method, const Bytes& request, Deadline deadline) {
  Outcome outcome = AskLeader(method, request, deadline);
  if (outcome.status.ok()) return std::move(outcome.payload);
  // A read has no effect that could be unknown.
  if (outcome.status.code() == StatusCode::kUnknownOutcome) {
    return Status(StatusCode::kTimeout, std::string(outcome.status.message()));
  }
  return outcome.status;
}

Status KvClient::Change(KvMethod method, const Bytes& request, Deadline deadline) {
  return AskLeader(method, request, deadline).status;
}

Status KvClient::Put(Bytes key, Bytes value, Deadline deadline) {
  return Apply(WriteOp::Put(std::move(key), std::move(value)), deadline).status();
}

Status KvClient::Delete(Bytes key, Deadline deadline) {
  return Apply(WriteOp::Delete(std::move(key)), deadline).status();
}

Status KvClient::Write(std::vector<Mutation> batch, Deadline deadline) {
  return Apply(WriteOp::Batch(std::move(batch)), deadline).status();
}

Result<KvClient::SwapOutcome> KvClient::CompareAndSwap(Bytes key, std::optional<Bytes> expected,
                                                       std::optional<Bytes> desired, Deadline deadline) {
  WriteOp op = WriteOp::CompareAndSwap(std::move(key), std::move(expected), std::move(desired));
  ORRERY_ASSIGN_OR_RETURN(WriteResponse response, Apply(std::move(op), deadline));
  return SwapOutcome{.swapped = response.applied, .current = std::move(response.current)};
}

}  // namespace orrery
