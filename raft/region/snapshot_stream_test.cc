#include <doctest/doctest.h>

#include <optional>

#include "raft/core/codec.h"
#include "raft/region/inbox.h"
#include "raft/region/options.h"
#include "raft/region/region_keys.h"
#include "raft/region/snapshot_receiver.h"
#include "raft/region/snapshot_sender.h"
#include "runtime/clock.h"
#include "runtime/fiber/domain.h"
#include "runtime/fiber/scheduler.h"
#include "runtime/network.h"
#include "runtime/node.h"
#include "runtime/runtime.h"
#include "sim/world.h"
#include "storage/testing/model_engine.h"

// A snapshot on its way between two stores, of which there is no more than this here.
namespace orrery {
namespace {

constexpr ClusterId kCluster(7);
constexpr RegionId kRegion(1);
constexpr StoreLife kFrom{.store = StoreId(1), .incarnation = Incarnation(11)};
constexpr StoreLife kTo{.store = StoreId(2), .incarnation = Incarnation(22)};
constexpr uint64_t kRows = 40;

struct Story {
  RegionOptions options;
  std::optional<bool> delivered;
  uint64_t chunks_heard = 0;  ///< By the receiving node, also those that its inbox drops.
  uint64_t dropped = 0;
  std::optional<size_t> rows_installed;
};

class SendingNode final : public Node, public Receiver {
 public:
  SendingNode(Runtime& runtime, Story& story)
      : runtime_(runtime), sender_(runtime, story.options, kCluster, kFrom, [&story](RegionId, PeerId, bool delivered) {
          story.delivered = delivered;
        }) {
    runtime.network.Listen(Channel::kSnapshot, this);
    WriteBatch batch;
    for (uint64_t i = 0; i < kRows; ++i) {
      batch.Put(ColumnFamily::kData, DataKey(std::to_string(i)), Bytes(100, 'v'));
    }
    ORRERY_ASSERT(engine_.Apply(batch).ok());
    SnapshotToSend snapshot{.region = kRegion, .peer = PeerId(2), .to = kTo};
    raft::EncodeMessage({.from = PeerId(1), .to = PeerId(2), .term = Term(1), .body = raft::InstallSnapshot{}},
                        snapshot.install);
    snapshot.state = engine_.TakeSnapshot();
    snapshot.ranges = {DataRange("", nullptr), SessionRange(kRegion)};
    ORRERY_ASSERT(sender_.TryBegin(std::move(snapshot)));
  }
  ~SendingNode() override { runtime_.network.Listen(Channel::kSnapshot, nullptr); }
  void RequestStop() override {}

  void OnMessage(Endpoint, Bytes message) override { sender_.OnAnswer(DecodeSnapshotMessage(message).value()); }
  void OnDisconnect(Endpoint) override {}

 private:
  Runtime& runtime_;
  testing::ModelEngine engine_;
  SnapshotSender sender_;
};

/// Looks into its inbox every millisecond, as a store does whose loop waits for a disk.
class ReceivingNode final : public Node, public Receiver, public SnapshotReceiver::Listener {
 public:
  ReceivingNode(Runtime& runtime, Story& story)
      : runtime_(runtime),
        story_(story),
        inbox_(story.options.inbox_bytes_max),
        receiver_(runtime, engine_, story.options, kCluster, kTo, *this) {
    runtime.network.Listen(Channel::kSnapshot, this);
    loop_ = runtime.domain.Spawn("loop", [this] {
      for (;;) {
        runtime_.scheduler.SleepUntil(runtime_.clock.Now() + milliseconds(1));
        for (Bytes& message : inbox_.Take()) receiver_.OnChunk(std::move(message));
        if (staged_) Install();
      }
    });
  }
  ~ReceivingNode() override {
    runtime_.network.Listen(Channel::kSnapshot, nullptr);
    loop_.Reset();
  }
  void RequestStop() override {}

  void OnMessage(Endpoint, Bytes message) override {
    ++story_.chunks_heard;
    if (!inbox_.TryPut(std::move(message))) ++story_.dropped;
  }
  void OnDisconnect(Endpoint) override {}
  bool MayReceive(RegionId, PeerId) override { return true; }
  void OnStaged(RegionId, const StoreLife&, const raft::Message&) override { staged_ = true; }

 private:
  void Install() {
    staged_ = false;
    const std::unique_ptr<RangeImport> import = receiver_.TakeStaged(kRegion, LogIndex(0), Term(0));
    REQUIRE(import != nullptr);
    REQUIRE(import->Finish(WriteBatch()).ok());
    story_.rows_installed = engine_.families()[static_cast<size_t>(ColumnFamily::kData)].size();
  }

  Runtime& runtime_;
  Story& story_;
  Inbox inbox_;
  testing::ModelEngine engine_;
  SnapshotReceiver receiver_;
  bool staged_ = false;
  Task loop_;
};

TEST_CASE("snapshot stream: what a full inbox drops is sent again without waiting for the patience") {
  Story story;
  story.options.snapshot_chunk_bytes = 1;  // A row is a chunk.
  sim::WorldOptions world_options;
  world_options.choices.buggify_active = 0;
  const auto send = [&](size_t inbox_bytes_max) {
    story.options.inbox_bytes_max = inbox_bytes_max;
    sim::World world(world_options);
    const sim::NodeOptions no_engine{.has_engine = false};
    world.AddNode(
        NodeIdOf(kFrom.store), [&](Runtime& r) { return std::make_unique<SendingNode>(r, story); }, no_engine);
    world.AddNode(
        NodeIdOf(kTo.store), [&](Runtime& r) { return std::make_unique<ReceivingNode>(r, story); }, no_engine);
    world.BootAll();
    // Of the patience of ten seconds an eighth is waited when nothing is heard.
    return world.RunUntil([&] { return story.delivered && story.rows_installed; }, seconds(1));
  };

  SUBCASE("one chunk fits") {
    REQUIRE(send(1) == sim::RunOutcome::kConditionMet);
    CHECK(story.dropped > 0);
  }
  SUBCASE("everything fits") {
    REQUIRE(send(1 << 20) == sim::RunOutcome::kConditionMet);
    CHECK(story.dropped == 0);
    CHECK(story.chunks_heard < kRows + 3);  // Rows, the header and the end.
  }
  CHECK(*story.delivered);
  CHECK(story.rows_installed == kRows);
  CHECK(story.chunks_heard < 3 * kRows);
}

}  // namespace
}  // namespace orrery
