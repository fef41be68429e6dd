#include "sim/echo_cluster.h"

#include <algorithm>
#include <map>

#include "runtime/address_book.h"
#include "runtime/base/bytes.h"
#include "runtime/clock.h"
#include "runtime/disk.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/semaphore.h"
#include "runtime/log.h"
#include "runtime/network.h"
#include "runtime/offload.h"
#include "runtime/process.h"
#include "runtime/runtime.h"

namespace orrery::sim {
namespace {

constexpr uint8_t kPing = 1;
constexpr uint8_t kPong = 2;

class EchoNodeImpl final : public EchoNode, public Receiver {
 public:
  EchoNodeImpl(Runtime& runtime, const EchoOptions& options)
      : runtime_(runtime), options_(options), random_(runtime.random.Split("echo")) {
    runtime_.network.Listen(Channel::kRpc, this);
    retry_task_ = runtime_.domain.Spawn("retry", [this] { RetryLoop(); });
    if (options_.write_every > 0) write_task_ = runtime_.domain.Spawn("write", [this] { WriteLoop(); });
  }

  void RequestStop() override { runtime_.process.Exit(Status::Ok()); }
  uint64_t pongs() const override { return pongs_; }
  uint64_t writes() const override { return writes_; }

  void OnMessage(Endpoint from, Bytes message) override {
    Decoder in(message);
    const uint8_t kind = in.Fixed8();
    const uint64_t number = in.Fixed64();
    if (kind == kPing) return Send(from, kPong, number);
    Rally& rally = rallies_[from.node];
    if (number != rally.number) return;
    ++pongs_;
    if (options_.write_every > 0 && pongs_ % options_.write_every == 0) writes_due_.Release();
    Serve(from.node, rally);
  }
  void OnDisconnect(Endpoint peer) override {
    ORRERY_LOG(runtime_.log, LogLevel::kInfo, "echo", "lost {}", peer.node.value());
  }

 private:
  struct Rally {
    uint64_t number = 0;
    Instant since;
  };

  void Send(Endpoint to, uint8_t kind, uint64_t number) {
    Bytes message;
    Encoder out(message);
    out.Fixed8(kind).Fixed64(number);
    if (message.size() < options_.message_bytes) message.append(options_.message_bytes - message.size(), 'x');
    runtime_.network.Send(to, Channel::kRpc, std::move(message));
  }
  void Serve(NodeId to, Rally& rally) {
    rally.number = random_.NextU64();
    rally.since = runtime_.clock.Now();
    Send(Endpoint{to, 0}, kPing, rally.number);
  }
  void RetryLoop() {
    for (;;) {
      std::vector<NodeId> peers;
      for (const NodeId peer : options_.nodes) {
        if (peer > runtime_.network.self().node) peers.push_back(peer);
      }
      if (options_.planted_nondeterminism) SortByAddress(peers);
      for (const NodeId peer : peers) {
        Rally& rally = rallies_[peer];
        if (rally.number == 0 || runtime_.clock.Now() - rally.since >= options_.retry) Serve(peer, rally);
      }
      runtime_.scheduler.SleepFor(options_.retry);
    }
  }
  /// The bug that the double run must find: order by pointer.
  static void SortByAddress(std::vector<NodeId>& peers) {
    std::vector<std::unique_ptr<NodeId>> boxed;
    for (const NodeId peer : peers) boxed.push_back(std::make_unique<NodeId>(peer));
    std::sort(boxed.begin(), boxed.end(), [](const auto& a, const auto& b) { return a.get() < b.get(); });
    for (size_t i = 0; i < peers.size(); ++i) peers[i] = *boxed[i];
  }
  void WriteLoop() {
    for (;;) {
      writes_due_.Acquire();
      bool stop = false;
      runtime_.offload.Run(Lane::kCommit, [&] {
        auto file = runtime_.disk.Open("pongs", OpenMode::kCreate);
        stop = !file.ok() || !(*file)->WriteAt(writes_ * 8, "pongpong").ok() || !(*file)->Sync().ok();
      });
      if (stop) {
        runtime_.process.Exit(Status(StatusCode::kIoError, "cannot write pongs"));
        return;
      }
      ++writes_;
    }
  }

  Runtime& runtime_;
  const EchoOptions options_;
  Random random_;
  std::map<NodeId, Rally> rallies_;
  uint64_t pongs_ = 0;
  uint64_t writes_ = 0;
  Semaphore writes_due_{0};
  Task retry_task_;
  Task write_task_;
};

}  // namespace

NodeFactory MakeEchoNode(const EchoOptions& options) {
  return
      [options](Runtime& runtime) -> std::unique_ptr<Node> { return std::make_unique<EchoNodeImpl>(runtime, options); };
}

void AddEchoCluster(World& world, int count, EchoOptions options) {
  for (int i = 1; i <= count; ++i) options.nodes.push_back(NodeId(static_cast<uint64_t>(i)));
  for (const NodeId node : options.nodes) world.AddNode(node, MakeEchoNode(options), {.has_engine = false});
  world.BootAll();
}

}  // namespace orrery::sim
