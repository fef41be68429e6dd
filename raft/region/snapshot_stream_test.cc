#include <doctest/doctest.h>

#include <optional>
#include <utility>

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
constexpr Duration kReadTimes[] = {Duration{}, microseconds(700)};

struct Story {
  RegionOptions options;
  Duration read_time{};     ///< A step of the walk over the state sent takes so long.
  uint64_t lost = 0;        ///< The first copy of this chunk that comes is lost; 0: none.
  uint64_t duplicated = 0;  ///< It comes twice; 0: none.
  std::optional<bool> delivered;
  uint64_t chunks_heard = 0;  ///< By the receiving node, also those that its inbox drops.
  uint64_t dropped = 0;
  std::optional<size_t> rows_installed;
};

/// A state on a slow disk.
class SlowSnapshot final : public EngineSnapshot {
 public:
  SlowSnapshot(std::unique_ptr<EngineSnapshot> inner, Runtime& runtime, Duration step)
      : inner_(std::move(inner)), runtime_(runtime), step_(step) {}

  Result<std::optional<Bytes>> Get(ColumnFamily family, ByteView key) override { return inner_->Get(family, key); }
  std::optional<Result<std::optional<Bytes>>> TryGet(ColumnFamily family, ByteView key) override {
    return inner_->TryGet(family, key);
  }
  Status ScanNow(const KeyRange& range, FunctionRef<bool(ByteView, ByteView)> visit) override {
    return inner_->ScanNow(range, visit);
  }
  std::unique_ptr<EngineIterator> NewIterator(const KeyRange& range) override {
    return std::make_unique<Iterator>(*this, inner_->NewIterator(range));
  }

 private:
  class Iterator final : public EngineIterator {
   public:
    Iterator(const SlowSnapshot& owner, std::unique_ptr<EngineIterator> inner)
        : owner_(owner), inner_(std::move(inner)) {}
    void SeekToFirst() override { inner_->SeekToFirst(); }
    void SeekToLast() override { inner_->SeekToLast(); }
    void Seek(ByteView key) override { inner_->Seek(key); }
    void SeekForPrev(ByteView key) override { inner_->SeekForPrev(key); }
    void Next() override {
      if (owner_.step_ > Duration{}) {
        owner_.runtime_.scheduler.SleepUntil(owner_.runtime_.clock.Now() + owner_.step_);
      }
      inner_->Next();
    }
    void Prev() override { inner_->Prev(); }
    bool Valid() const override { return inner_->Valid(); }
    ByteView key() const override { return inner_->key(); }
    ByteView value() const override { return inner_->value(); }
    Status status() const override { return inner_->status(); }

   private:
    const SlowSnapshot& owner_;
    std::unique_ptr<EngineIterator> inner_;
  };

  std::unique_ptr<EngineSnapshot> inner_;
  Runtime& runtime_;
  Duration step_;
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
    snapshot.state = std::make_unique<SlowSnapshot>(engine_.TakeSnapshot(), runtime, story.read_time);
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
    const uint64_t chunk = DecodeSnapshotMessage(message).value().sequence;
    if (chunk == story_.lost && std::exchange(story_.lost, 0) != 0) return;
    if (chunk == story_.duplicated && std::exchange(story_.duplicated, 0) != 0) CHECK(inbox_.TryPut(message));
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

/// Sends one snapshot of kRows chunks and a few; how long it took. Of the patience of ten seconds an eighth is waited
/// when nothing is heard.
Duration Send(Story& story) {
  story.options.snapshot_chunk_bytes = 1;  // A row is a chunk.
  sim::WorldOptions world_options;
  world_options.choices.buggify_active = 0;
  sim::World world(world_options);
  const sim::NodeOptions no_engine{.has_engine = false};
  world.AddNode(
      NodeIdOf(kFrom.store), [&](Runtime& r) { return std::make_unique<SendingNode>(r, story); }, no_engine);
  world.AddNode(
      NodeIdOf(kTo.store), [&](Runtime& r) { return std::make_unique<ReceivingNode>(r, story); }, no_engine);
  world.BootAll();
  REQUIRE(world.RunUntil([&] { return story.delivered && story.rows_installed; }, seconds(8)) ==
          sim::RunOutcome::kConditionMet);
  CHECK(*story.delivered);
  CHECK(story.rows_installed == kRows);
  return world.Now();
}

/// That of a snapshot of which nothing is lost.
uint64_t ChunksOfASnapshot() {
  Story story;
  CHECK(Send(story) < seconds(1));
  CHECK(story.dropped == 0);
  return story.chunks_heard;
}

TEST_CASE("snapshot stream: what a full inbox drops is mostly sent again without waiting for the patience") {
  for (const Duration read_time : kReadTimes) {
    Story story{.read_time = read_time};
    story.options.inbox_bytes_max = 1;  // One chunk fits.
    // Every second or third chunk is dropped, and each would wait for an eighth of the patience. That is
    // waited where nothing comes behind that would tell, and for the first chunk after a recovery.
    CHECK(Send(story) < story.options.snapshot_patience / 8 * 5);
    CHECK(story.dropped > kRows / 4);
    CHECK(story.chunks_heard < 3 * kRows);
  }
}

/// Hits every chunk but the first and the last, one in each snapshot: no stall, and at most so many chunks more are
/// sent.
void HitEachChunk(uint64_t Story::*hit, uint64_t chunks_more) {
  const uint64_t chunks = ChunksOfASnapshot();
  for (const Duration read_time : kReadTimes) {
    for (uint64_t chunk = 1; chunk + 1 < chunks; ++chunk) {
      CAPTURE(chunk);
      Story story{.read_time = read_time};
      story.*hit = chunk;
      CHECK(Send(story) < seconds(1));
      CHECK(story.chunks_heard <= chunks + chunks_more);
    }
  }
}

TEST_CASE("snapshot stream: any one chunk may be lost, and costs what was under way with it") {
  HitEachChunk(&Story::lost, RegionOptions().snapshot_window_chunks);
}

TEST_CASE("snapshot stream: a chunk that comes twice does not beget copies of others for ever") {
  HitEachChunk(&Story::duplicated, 2 * RegionOptions().snapshot_window_chunks);
}

}  // namespace
}  // namespace orrery
