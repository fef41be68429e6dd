#include "client/kv_client.h"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/node.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_server.h"
#include "runtime/rpc/rpc_transport.h"
#include "runtime/runtime.h"
#include "sim/world.h"

namespace orrery {
namespace {

constexpr uint64_t kStore = 1;
constexpr uint64_t kClient = 2;

/// Answers writes as it was told, in turn, and opens every session it is asked for.
struct Script {
  std::vector<Status> answers;  ///< Further writes succeed.
  size_t writes = 0;
  uint64_t sessions = 0;
};

class ScriptedStore final : public Node {
 public:
  ScriptedStore(Runtime& runtime, Script& script) : transport_(RpcEnvironment::Of(runtime)), server_(transport_) {
    server_.Register(KvMethod::kOpenSession, "open", [&script](const RpcContext&, ByteView) {
      return RpcReply(Encode(OpenSessionResponse{.session = SessionId(++script.sessions)}));
    });
    server_.Register(KvMethod::kWrite, "write", [&script](const RpcContext&, ByteView) {
      const size_t turn = script.writes++;
      if (turn < script.answers.size()) return RpcReply(script.answers[turn]);
      return RpcReply(Encode(WriteResponse{.applied = true}));
    });
  }
  void RequestStop() override {}

 private:
  RpcTransport transport_;
  RpcServer server_;
};

class OneWrite final : public Node {
 public:
  OneWrite(Runtime& runtime, std::optional<Status>& outcome)
      : transport_(RpcEnvironment::Of(runtime)),
        rpc_(transport_),
        client_(runtime, rpc_, ClientOptions{.stores = {StoreId(kStore)}}) {
    writer_ = runtime.domain.Spawn("writer", [this, &runtime, &outcome] {
      outcome = client_.Put("key", "value", Deadline::After(runtime.clock.Now(), seconds(5)));
    });
  }
  void RequestStop() override {}

 private:
  RpcTransport transport_;
  RpcClient rpc_;
  KvClient client_;
  Task writer_;
};

/// What a put ends with whose attempts are answered so.
StatusCode PutAnswered(Script& script) {
  sim::WorldOptions options;
  options.choices.buggify_active = 0;  // Calls may be refused at such sites.
  sim::World world(options);
  std::optional<Status> outcome;
  world.AddNode(NodeId(kStore), [&](Runtime& r) { return std::make_unique<ScriptedStore>(r, script); },
                {.has_engine = false});
  world.AddNode(NodeId(kClient), [&](Runtime& r) { return std::make_unique<OneWrite>(r, outcome); },
                {.has_engine = false});
  world.BootAll();
  world.RunFor(seconds(10));
  REQUIRE(outcome.has_value());
  return outcome->code();
}

TEST_CASE("KvClient: a write whose session had expired before its first attempt goes on under a new one") {
  Script script{.answers = {Status(StatusCode::kNotFound, "no such session")}};
  CHECK(PutAnswered(script) == StatusCode::kOk);
  CHECK(script.writes == 2);
  CHECK(script.sessions == 2);
}

TEST_CASE("KvClient: once the session has expired nobody can tell what became of an earlier attempt") {
  // One that was refused counts, too: its copy may have reached the same store when that led, before the expiry.
  for (const StatusCode earlier : {StatusCode::kUnknownOutcome, StatusCode::kNotLeader, StatusCode::kBusy}) {
    CAPTURE(StatusCodeName(earlier));
    Script script{.answers = {Status(earlier, "earlier"), Status(StatusCode::kNotFound, "no such session")}};
    CHECK(PutAnswered(script) == StatusCode::kUnknownOutcome);
    CHECK(script.writes == 2);  // A third would take effect beside the first.
    CHECK(script.sessions == 1);
  }
}

}  // namespace
}  // namespace orrery
