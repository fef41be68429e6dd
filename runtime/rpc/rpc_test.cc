#include <doctest/doctest.h>

#include <cctype>
#include <map>
#include <optional>
#include <string>

#include "runtime/fiber/test_loop.h"
#include "runtime/rpc/fake_network.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_server.h"
#include "runtime/rpc/rpc_transport.h"

namespace orrery {
namespace {

enum class TestMethod : uint16_t { kUpper = 16, kSlow = 17, kRefuse = 18, kDeferred = 19, kNobody = 99 };

constexpr Endpoint kCaller{NodeId(1), 0};
constexpr Endpoint kService{NodeId(2), 0};

class CountingProbes final : public Probes {
 public:
  void Hit(const char* name) override { ++hits[name]; }
  bool Buggify(const char*, double) override { return false; }
  std::map<std::string, int> hits;
};

/// A caller and a service on one loop, and the network between them.
struct Pair {
  explicit Pair(const RpcClientOptions& client_options = {}, const RpcServerOptions& server_options = {})
      : client(caller, client_options), server(std::in_place, service, server_options) {
    server->Register(TestMethod::kUpper, "upper", [this](const RpcContext& context, ByteView request) -> RpcReply {
      last_context = context;
      Bytes answer(request);
      for (char& c : answer) c = static_cast<char>(std::toupper(c));
      return answer;
    });
    server->Register(TestMethod::kSlow, "slow", [this](const RpcContext&, ByteView request) -> RpcReply {
      loop.scheduler.SleepFor(milliseconds(10));
      ++served;
      return Bytes(request);
    });
    server->Register(TestMethod::kRefuse, "refuse", [](const RpcContext&, ByteView) -> RpcReply {
      return RpcReply(Status(StatusCode::kNotLeader, "peer 3 leads"), "hint: 3");
    });
    server->RegisterDeferred(TestMethod::kDeferred, "deferred", [this](const RpcContext&, Bytes, Responder responder) {
      responders.push_back(std::move(responder));
    });
  }
  ~Pair() { loop.domain.Kill(); }

  /// Fibers and deliveries until both rest; timers stay.
  void Settle() {
    do {
      net.DeliverAll();
      loop.scheduler.RunReady();
    } while (!net.packets.empty() || loop.scheduler.HasReady());
  }
  /// The same, and lets time pass to the next timer until none is left.
  void SettleWithTime() {
    for (Settle(); loop.scheduler.NextTimer() != Instant::Max(); Settle()) loop.Turn();
  }
  RpcEnvironment EnvironmentOf(Endpoint endpoint) {
    return {loop.scheduler, loop.domain, net.PortOf(endpoint), probes, Random(endpoint.node.value())};
  }
  Deadline In(Duration span) { return Deadline::After(loop.now, span); }

  TestLoop loop;
  FakeNetwork net;
  CountingProbes probes;
  RpcTransport caller{EnvironmentOf(kCaller)};
  RpcTransport service{EnvironmentOf(kService)};
  std::vector<Responder> responders;
  RpcClient client;
  std::optional<RpcServer> server;
  RpcContext last_context;
  int served = 0;
};

TEST_CASE("Rpc: a call suspends its fiber and returns the answer; the budget travels") {
  Pair pair;
  Result<Bytes> answer = Status(StatusCode::kCancelled, "not called");
  Task task = pair.loop.domain.Spawn(
      "caller", [&] { answer = pair.client.Call(kService, TestMethod::kUpper, "hello", pair.In(seconds(2))); });
  pair.Settle();
  REQUIRE_FALSE(task.running());
  REQUIRE(answer.ok());
  CHECK(*answer == "HELLO");
  CHECK(pair.last_context.from == kCaller);
  CHECK(pair.last_context.method == TestMethod::kUpper);
  CHECK(pair.last_context.deadline == pair.In(seconds(2)));
  CHECK(pair.client.pending() == 0);
  CHECK(pair.loop.scheduler.NextTimer() == Instant::Max());
}

TEST_CASE("Rpc: every server echoes, errors carry a detail, unknown methods are another version") {
  Pair pair;
  RpcCall echo = pair.client.CallAsync(kService, RpcOwnMethod::kEcho, "ping", Deadline::Never());
  RpcCall refused = pair.client.CallAsync(kService, TestMethod::kRefuse, "", Deadline::Never());
  RpcCall nobody = pair.client.CallAsync(kService, TestMethod::kNobody, "", Deadline::Never());
  CHECK_FALSE(echo.ready());
  pair.Settle();
  RpcReply replies[3];
  pair.loop.Run([&] {
    replies[0] = echo.Get();
    replies[1] = refused.Get();
    replies[2] = nobody.Get();
  });
  CHECK(replies[0].payload == "ping");
  CHECK(replies[1].status.ToString() == "NOT_LEADER: peer 3 leads");
  CHECK(replies[1].payload == "hint: 3");
  CHECK(replies[2].status.ToString() == "VERSION_MISMATCH: no rpc method 99");
  CHECK(pair.server->counts().unknown_methods == 1);
}

TEST_CASE("Rpc: many calls at once are answered each with its own") {
  Pair pair;
  std::vector<std::string> answers(200);
  for (size_t i = 0; i < answers.size(); ++i) {
    pair.client.CallThen(kService, i % 2 == 0 ? TestMethod::kSlow : TestMethod::kUpper, "n" + std::to_string(i),
                         pair.In(seconds(1)), [&, i](RpcReply reply) { answers[i] = reply.payload; });
  }
  pair.SettleWithTime();
  for (size_t i = 0; i < answers.size(); ++i) CHECK(answers[i] == (i % 2 == 0 ? "n" : "N") + std::to_string(i));
  CHECK(pair.client.counts().answers == 200);
}

TEST_CASE("RpcServer: above its bound requests are refused at once as busy") {
  Pair pair({}, {.fiber_requests_max = 2, .deferred_requests_max = 3});
  std::map<StatusCode, int> codes;
  const auto count = [&](RpcReply reply) { ++codes[reply.status.code()]; };
  for (int i = 0; i < 5; ++i) pair.client.CallThen(kService, TestMethod::kSlow, "", Deadline::Never(), count);
  for (int i = 0; i < 5; ++i) pair.client.CallThen(kService, TestMethod::kDeferred, "", Deadline::Never(), count);
  pair.Settle();
  CHECK(codes == std::map<StatusCode, int>{{StatusCode::kBusy, 5}});
  CHECK(pair.server->deferred_requests() == 3);
  for (Responder& responder : pair.responders) responder.Complete(Bytes("ok"));
  pair.SettleWithTime();
  CHECK(codes == std::map<StatusCode, int>{{StatusCode::kBusy, 5}, {StatusCode::kOk, 5}});
  CHECK(pair.server->counts().busy == 5);
  CHECK(pair.served == 2);
  CHECK(pair.probes.hits["rpc.server.too_many_requests"] == 5);
}

TEST_CASE("RpcServer: drops a request whose caller has given up before work begins") {
  Pair pair;
  StatusCode code = StatusCode::kOk;
  pair.client.CallThen(kService, TestMethod::kSlow, "", pair.In(milliseconds(5)),
                       [&](RpcReply reply) { code = reply.status.code(); });
  pair.net.DeliverAll();  // The fiber is ready, but the loop is late.
  pair.loop.now += milliseconds(6);
  pair.loop.scheduler.FireTimers(pair.loop.now);
  pair.SettleWithTime();
  CHECK(code == StatusCode::kUnknownOutcome);
  CHECK(pair.served == 0);
  CHECK(pair.server->counts().expired == 1);
  CHECK(pair.probes.hits["rpc.server.expired_request_dropped"] == 1);
}

TEST_CASE("Responder: may be answered later from anywhere; dropping it is an unknown outcome") {
  Pair pair;
  std::vector<std::string> replies;
  for (int i = 0; i < 3; ++i) {
    pair.client.CallThen(kService, TestMethod::kDeferred, "", Deadline::Never(), [&](RpcReply reply) {
      replies.push_back(reply.ok() ? reply.payload : std::string(StatusCodeName(reply.status.code())));
    });
  }
  pair.Settle();
  REQUIRE(pair.responders.size() == 3);
  Task task = pair.loop.domain.Spawn("later", [&] { pair.responders[1].Complete(Bytes("from a fiber")); });
  pair.Settle();
  pair.responders[0].Complete(Bytes("from the main stack"));
  CHECK_FALSE(pair.responders[0].valid());
  pair.responders[2] = Responder();
  pair.Settle();
  CHECK(replies == std::vector<std::string>{"from a fiber", "from the main stack", "UNKNOWN_OUTCOME"});
  CHECK(pair.server->deferred_requests() == 0);
  CHECK(pair.server->counts().dropped_responders == 1);
}

TEST_CASE("Responder: outlives its server and then does nothing") {
  Pair pair;
  bool answered = false;
  pair.client.CallThen(kService, TestMethod::kDeferred, "", Deadline::Never(), [&](RpcReply) { answered = true; });
  pair.Settle();
  pair.server.reset();
  pair.responders[0].Complete(Bytes("too late"));
  pair.responders.clear();
  CHECK(pair.net.packets.empty());
  CHECK_FALSE(answered);
  pair.net.Disconnect(kCaller, kService);
  CHECK(answered);
}

TEST_CASE("RpcServer: its end answers what it breaks off as unknown, and later requests as unavailable") {
  Pair pair;
  std::vector<StatusCode> codes;
  const auto note = [&](RpcReply reply) { codes.push_back(reply.status.code()); };
  pair.client.CallThen(kService, TestMethod::kSlow, "", Deadline::Never(), note);
  pair.Settle();
  CHECK(pair.server->fiber_requests() == 1);
  pair.server.reset();
  pair.client.CallThen(kService, TestMethod::kSlow, "", Deadline::Never(), note);
  pair.Settle();
  CHECK(codes == std::vector<StatusCode>{StatusCode::kUnknownOutcome, StatusCode::kUnavailable});
  CHECK(pair.service.counts().unwanted_requests == 1);
}

TEST_CASE("RpcServer: Stop refuses the new and Drain waits for the old") {
  Pair pair;
  std::vector<StatusCode> codes;
  const auto note = [&](RpcReply reply) { codes.push_back(reply.status.code()); };
  pair.client.CallThen(kService, TestMethod::kSlow, "", Deadline::Never(), note);
  pair.client.CallThen(kService, TestMethod::kDeferred, "", Deadline::Never(), note);
  pair.Settle();
  pair.server->Stop();
  pair.client.CallThen(kService, TestMethod::kUpper, "", Deadline::Never(), note);
  bool early = true;
  bool drained = false;
  Task task = pair.loop.domain.Spawn("stopper", [&] {
    early = pair.server->Drain(pair.In(milliseconds(20)));
    drained = pair.server->Drain(Deadline::Never());
  });
  pair.SettleWithTime();
  CHECK_FALSE(early);
  CHECK_FALSE(drained);
  pair.responders[0].Complete(Bytes());
  pair.Settle();
  CHECK(drained);
  CHECK(codes == std::vector<StatusCode>{StatusCode::kUnavailable, StatusCode::kOk, StatusCode::kOk});
}

TEST_CASE(
    "RpcClient: a deadline that passes after sending leaves the outcome unknown, and the late answer is ignored") {
  Pair pair;
  Result<Bytes> answer = Bytes();
  Task task = pair.loop.domain.Spawn(
      "caller", [&] { answer = pair.client.Call(kService, TestMethod::kSlow, "x", pair.In(milliseconds(4))); });
  pair.SettleWithTime();
  CHECK(answer.code() == StatusCode::kUnknownOutcome);
  CHECK(pair.served == 1);  // It did have its effect.
  CHECK(pair.client.counts().timeouts == 1);
  CHECK(pair.client.counts().late_answers == 1);
  CHECK(pair.probes.hits["rpc.client.late_answer"] == 1);
}

TEST_CASE("RpcClient: what certainly was not sent says so") {
  Pair pair({.queued_bytes_max = 100, .calls_max = 1});
  std::vector<StatusCode> codes;
  const auto note = [&](RpcReply reply) { codes.push_back(reply.status.code()); };
  pair.client.CallThen(kService, TestMethod::kUpper, "", Deadline::At(pair.loop.now), note);
  pair.client.CallThen(kService, TestMethod::kUpper, Bytes(kRpcPayloadBytesMax + 1, 'x'), Deadline::Never(), note);
  pair.net.PortOf(kCaller).queued_bytes = 101;
  pair.client.CallThen(kService, TestMethod::kUpper, "", Deadline::Never(), note);
  pair.net.PortOf(kCaller).queued_bytes = 0;
  CHECK(pair.net.packets.empty());
  pair.client.CallThen(kService, TestMethod::kUpper, "", Deadline::Never(), note);
  pair.client.CallThen(kService, TestMethod::kUpper, "", Deadline::Never(), note);  // One is under way.
  CHECK(codes ==
        std::vector<StatusCode>{StatusCode::kTimeout, StatusCode::kTooLarge, StatusCode::kBusy, StatusCode::kBusy});
  pair.net.FailToConnect(kCaller, kService);
  CHECK(codes.back() == StatusCode::kUnavailable);
  CHECK(pair.client.pending() == 0);
}

TEST_CASE("RpcClient: a disconnect leaves the outcome unknown for this peer only, and the next call is a new epoch") {
  constexpr Endpoint kOther{NodeId(3), 0};
  Pair pair;
  std::vector<std::string> log;
  pair.client.CallThen(kService, TestMethod::kUpper, "first", pair.In(seconds(1)), [&](RpcReply reply) {
    log.push_back(std::string(StatusCodeName(reply.status.code())));
    pair.client.CallThen(kService, TestMethod::kUpper, "again", pair.In(seconds(1)),
                         [&](RpcReply second) { log.push_back(second.payload); });
  });
  pair.client.CallThen(kOther, TestMethod::kUpper, "", pair.In(seconds(5)),
                       [&](RpcReply reply) { log.push_back("other: " + reply.status.ToString()); });
  pair.net.Disconnect(kCaller, kService);
  CHECK(log == std::vector<std::string>{"UNKNOWN_OUTCOME"});
  pair.SettleWithTime();  // The first request arrives all the same, after its epoch.
  CHECK(log ==
        std::vector<std::string>{"UNKNOWN_OUTCOME", "AGAIN", "other: UNKNOWN_OUTCOME: no answer before the deadline"});
  CHECK(pair.client.counts().late_answers == 1);
  CHECK(pair.client.counts().disconnects == 1);
}

TEST_CASE("RpcClient: duplicates, reordering, strangers and earlier boots do not confuse it") {
  Pair pair;
  std::vector<std::string> log;
  for (const char* text : {"a", "b"}) {
    pair.client.CallThen(kService, TestMethod::kUpper, text, Deadline::Never(),
                         [&](RpcReply reply) { log.push_back(reply.payload); });
  }
  pair.net.Deliver(1);
  pair.net.Deliver(0, /*keep=*/true);
  pair.net.Deliver(0);  // Handled twice: the service must be idempotent.
  pair.loop.scheduler.RunReady();
  REQUIRE(pair.net.packets.size() == 3);
  // The same answers from a node that was not asked, and for a previous boot of the caller.
  FakeNetwork::Packet stranger = pair.net.packets[0];
  stranger.from = Endpoint{NodeId(9), 0};
  pair.net.packets.insert(pair.net.packets.begin(), stranger);
  FakeNetwork::Packet earlier_boot = stranger;
  earlier_boot.from = kService;
  earlier_boot.bytes[2] = static_cast<char>(earlier_boot.bytes[2] ^ 1);
  pair.net.packets.insert(pair.net.packets.begin(), earlier_boot);
  pair.Settle();
  CHECK(log == std::vector<std::string>{"B", "A"});
  CHECK(pair.client.counts().late_answers == 3);
}

TEST_CASE("RpcClient: a cancelled caller leaves nothing that an answer could hurt") {
  Pair pair;
  Task task = pair.loop.domain.Spawn("caller", [&] {
    pair.client.Call(kService, TestMethod::kSlow, "x", pair.In(seconds(1))).status().IgnoreError();
  });
  pair.Settle();
  task.Reset();
  pair.SettleWithTime();
  CHECK(pair.served == 1);
  CHECK(pair.client.pending() == 0);
}

TEST_CASE("RpcClient: its end fails what is under way") {
  TestLoop loop;
  FakeNetwork net;
  NoProbes probes;
  RpcTransport transport({loop.scheduler, loop.domain, net.PortOf(kCaller), probes, Random(1)});
  std::vector<StatusCode> codes;
  {
    RpcClient client(transport);
    client.CallThen(kService, TestMethod::kUpper, "", Deadline::Never(), [&](RpcReply reply) {
      codes.push_back(reply.status.code());
      client.CallThen(kService, TestMethod::kUpper, "", Deadline::Never(),
                      [&](RpcReply again) { codes.push_back(again.status.code()); });
    });
  }
  CHECK(codes == std::vector<StatusCode>{StatusCode::kUnknownOutcome, StatusCode::kUnavailable});
}

TEST_CASE("RpcTransport: garbage is counted and hurts nobody") {
  Pair pair;
  Random random(3);
  for (int i = 0; i < 2000; ++i) {
    Bytes garbage;
    const size_t size = random.Below(60);
    random.Fill(garbage, size);
    if (size > 2 && i % 2 == 0) garbage.replace(0, 2, std::string("\x01") + (i % 4 == 0 ? "\x01" : "\x02"));
    pair.service.OnMessage(kCaller, garbage);
    pair.caller.OnMessage(kService, garbage);
  }
  pair.Settle();
  CHECK(pair.caller.counts().malformed_frames > 1000);
  CHECK(pair.probes.hits["rpc.transport.malformed_frame"] > 2000);
  RpcReply reply;
  Task task = pair.loop.domain.Spawn("caller", [&] {
    reply = pair.client.CallForReply(kService, RpcOwnMethod::kEcho, "still here", Deadline::Never());
  });
  pair.Settle();
  CHECK(reply.payload == "still here");
}

TEST_CASE("RpcServer: an answer too large for a frame is an unknown outcome, not a crash") {
  Pair pair;
  pair.server->Register(RpcMethod(77), "huge",
                        [](const RpcContext&, ByteView) -> RpcReply { return Bytes(kRpcPayloadBytesMax + 1, 'x'); });
  Status status;
  pair.client.CallThen(kService, RpcMethod(77), "", Deadline::Never(), [&](RpcReply reply) { status = reply.status; });
  pair.Settle();
  CHECK(status.code() == StatusCode::kUnknownOutcome);
  CHECK(status.message().find("fits into no frame") != std::string::npos);
}

}  // namespace
}  // namespace orrery
