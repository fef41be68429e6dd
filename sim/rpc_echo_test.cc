#include <doctest/doctest.h>

#include <optional>

#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/node.h"
#include "runtime/rpc/rpc_client.h"
#include "runtime/rpc/rpc_server.h"
#include "runtime/rpc/rpc_transport.h"
#include "runtime/runtime.h"
#include "sim/world.h"

namespace orrery::sim {
namespace {

constexpr RpcMethod kEcho{100};
constexpr int kNodes = 3;

struct Totals {
  uint64_t right = 0;
  uint64_t wrong = 0;
  uint64_t failed = 0;
};

/// Answers echoes, and asks its neighbour for some without end.
class RpcEchoNode final : public Node {
 public:
  RpcEchoNode(Runtime& runtime, Totals& totals)
      : runtime_(runtime), totals_(totals), transport_(RpcEnvironment::Of(runtime)) {
    server_.emplace(transport_);
    client_.emplace(transport_);
    server_->Register(kEcho, "echo", [this](const RpcContext&, ByteView request) {
      runtime_.scheduler.SleepFor(microseconds(100));
      return RpcReply(Bytes(request));
    });
    caller_ = runtime.domain.Spawn("caller", [this] { CallForever(); });
  }
  void RequestStop() override {}

 private:
  void CallForever() {
    const uint64_t me = runtime_.network.self().node.value();
    const Endpoint next{NodeId(me % kNodes + 1), 0};
    Random random = runtime_.random.Split("questions");
    for (;;) {
      const Bytes question = std::to_string(random.NextU64());
      const auto answer =
          client_->Call(next, kEcho, question, Deadline::After(runtime_.clock.Now(), milliseconds(500)));
      if (!answer.ok()) {
        ++totals_.failed;
        runtime_.scheduler.SleepFor(milliseconds(20));
      } else {
        ++(answer.value() == question ? totals_.right : totals_.wrong);
      }
    }
  }

  Runtime& runtime_;
  Totals& totals_;
  RpcTransport transport_;
  std::optional<RpcServer> server_;
  std::optional<RpcClient> client_;
  Task caller_;
};

Fingerprint RunEcho(uint64_t seed, bool trouble, Totals& totals) {
  WorldOptions options;
  options.choices.seed = seed;
  if (!trouble) options.choices.buggify_active = 0;  // Calls may be refused at such sites.
  World world(options);
  for (uint64_t i = 1; i <= kNodes; ++i) {
    world.AddNode(NodeId(i), [&](Runtime& r) { return std::make_unique<RpcEchoNode>(r, totals); },
                  {.has_engine = false});
  }
  world.BootAll();
  world.RunFor(seconds(1));
  if (trouble) {
    world.Restart(NodeId(1), CrashKind::kPowerLoss);
    world.Partition({NodeId(2)}, {NodeId(3)}, Symmetry::kOneWay);
    world.RunFor(seconds(2));
    world.HealNetwork();
    world.ResetConnection(NodeId(1), NodeId(2));
    world.PauseFor(NodeId(3), milliseconds(700));
  }
  world.RunFor(seconds(2));
  return world.fingerprint();
}

TEST_CASE("RPC in the world: every answer is right, trouble gives errors, the same seed the same run") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Totals calm;
    Totals first;
    Totals second;
    CHECK(RunEcho(seed, false, calm) == RunEcho(seed, false, calm));
    CHECK(calm.failed == 0);
    CHECK(RunEcho(seed, true, first) == RunEcho(seed, true, second));
    CHECK(first.right == second.right);
    CHECK(first.right > 1000);
    CHECK(first.failed > 0);
    CHECK(first.wrong + calm.wrong == 0);
  }
}

}  // namespace
}  // namespace orrery::sim
