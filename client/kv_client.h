#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "client/options.h"
#include "client/router.h"
#include "client/session.h"
#include "runtime/base/random.h"
#include "runtime/fiber/mutex.h"
#include "runtime/fiber/wait_queue.h"
#include "server/kv_api.h"

namespace orrery {

class RpcClient;
struct Runtime;

/// The raw key-value API of a cluster. Finds the leader, retries, and takes effect at most once however
/// often a write is sent. Many fibers may share one client; all public functions suspend.
///
/// Errors every call may return: kInvalidArgument and kTooLarge (nothing was sent), kTimeout (the deadline
/// passed; certainly no effect), kUnknownOutcome (writes only: the deadline passed or the session expired
/// after an attempt had reached a store; the write may have taken effect, may still, or never).
class KvClient {
 public:
  /// Requires: options.Validate().ok(). `runtime` and `rpc` outlive the client.
  KvClient(Runtime& runtime, RpcClient& rpc, ClientOptions options);
  ~KvClient();

  /// The value, or nullopt if the key is absent. Linearizable.
  Result<std::optional<Bytes>> Get(Bytes key, Deadline deadline);
  Status Put(Bytes key, Bytes value, Deadline deadline);
  Status Delete(Bytes key, Deadline deadline);

  struct SwapOutcome {
    bool swapped = false;
    std::optional<Bytes> current;  ///< What was there when it did not swap.
  };
  Result<SwapOutcome> CompareAndSwap(Bytes key, std::optional<Bytes> expected, std::optional<Bytes> desired,
                                     Deadline deadline);
  /// All or nothing, in order.
  Status Write(std::vector<Mutation> batch, Deadline deadline);
  /// One page, linearizable as a whole. Two pages are two moments.
  Result<ScanResponse> Scan(ScanRequest request, Deadline deadline);
  /// Any write, with what its entry answered.
  Result<WriteResponse> Apply(WriteOp op, Deadline deadline);

  /// Asks the leader something that changes nothing.
  Result<Bytes> Read(KvMethod method, const Bytes& request, Deadline deadline);
  /// Asks the leader for a change that is harmless to ask for twice.
  Status Change(KvMethod method, const Bytes& request, Deadline deadline);

  Router& router() { return router_; }

 private:
  /// What became of a request that was sent until somebody answered or the time was over.
  struct Outcome {
    Status status;
    Bytes payload;
    bool maybe_applied = false;  ///< Some attempt may have had its effect without our knowing.
    /// A store refused some attempt, but the network may deliver that again, to a store that has become the leader.
    bool may_be_copied = false;
  };

  Outcome AskLeader(KvMethod method, const Bytes& request, Deadline deadline);
  Result<std::shared_ptr<Session>> OpenSession(Deadline deadline);

  Runtime& runtime_;
  RpcClient& rpc_;
  ClientOptions options_;
  Router router_;
  std::shared_ptr<Session> session_;  ///< Writes under way keep the one they began with.
  Mutex opening_;
  WaitQueue room_{"session window"};  ///< Writes that wait for an earlier one's answer.
  uint64_t operations_ = 0;
};

}  // namespace orrery
