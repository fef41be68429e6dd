#include "storage/committer.h"

#include <doctest/doctest.h>

#include <vector>

#include "storage/commit_observer.h"
#include "storage/testing/model_engine.h"
#include "storage/testing/test_world.h"

namespace orrery::testing {
namespace {

using CF = ColumnFamily;

/// The model with a gate in front of Sync, full memory and failures on demand.
class GatedEngine final : public ModelEngine {
 public:
  explicit GatedEngine(Runtime& runtime) : runtime_(runtime) {}

  Status Apply(const WriteBatch& batch) override {
    if (stalls > 0) return --stalls, Status(StatusCode::kBusy, "memory is full");
    if (!apply_error.ok()) return apply_error;
    ++applies;
    return ModelEngine::Apply(batch);
  }
  Status Sync() override {
    ++syncs;
    runtime_.scheduler.SleepFor(milliseconds(5));
    return sync_error;
  }

  int stalls = 0;
  int applies = 0;
  int syncs = 0;
  Status apply_error;
  Status sync_error;

 private:
  Runtime& runtime_;
};

struct Fixture {
  Fixture() : world(Random(1), disk, rocks, probes), engine(world.runtime()) {}

  void Run(CommitterOptions options, const std::function<void(Committer&)>& body) {
    world.Run([&] {
      Committer committer(world.runtime(), engine, options);
      body(committer);
    });
  }
  void Sleep(Duration span) { world.runtime().scheduler.SleepFor(span); }

  NoDisk disk;
  NoRocks rocks;
  TestProbes probes;
  TestWorld world;
  GatedEngine engine;
};

WriteBatch Put(const Bytes& key, const Bytes& value) {
  WriteBatch batch;
  batch.Put(CF::kData, key, value);
  return batch;
}

TEST_CASE("Committer: all that waits while a sync runs shares the next one, in order") {
  Fixture f;
  f.Run({}, [&](Committer& committer) {
    std::vector<int> done;
    for (int i = 0; i < 50; ++i) {
      CHECK(committer.TrySubmit(Put("a", std::to_string(i)), Durability::kSync, [&, i](const Status& status) {
        CHECK(status.ok());
        done.push_back(i);
      }));
      if (i == 9) f.Sleep(milliseconds(1));  // The first ten are under way now.
    }
    CHECK(done.empty());  // Never inside TrySubmit.
    f.Sleep(milliseconds(100));
    REQUIRE(done.size() == 50);
    for (int i = 0; i < 50; ++i) CHECK(done[static_cast<size_t>(i)] == i);
    CHECK(f.engine.syncs == 2);
    CHECK(f.engine.applies == 2);
    CHECK(committer.stats().batches_per_sync_max == 40);
    CHECK(f.engine.Get(CF::kData, "a").value() == "49");
  });
}

TEST_CASE("Committer: a buffered batch is seen at once and does not overtake") {
  Fixture f;
  f.Run({}, [&](Committer& committer) {
    CHECK(committer.TrySubmit(Put("a", "first"), Durability::kSync, {}));
    CHECK(committer.TryApply(Put("a", "second")).ok());
    CHECK(f.engine.Get(CF::kData, "a").value() == "second");
    int buffered_done = 0;
    CHECK(committer.TrySubmit(Put("a", "third"), Durability::kBuffered, [&](const Status&) { ++buffered_done; }));
    CHECK(f.engine.Get(CF::kData, "a").value() == "third");
    f.Sleep(milliseconds(1));
    CHECK(buffered_done == 1);  // Long before the sync ends.
    f.Sleep(milliseconds(50));
    CHECK(f.engine.Get(CF::kData, "a").value() == "third");
    CHECK(committer.Commit(Put("b", "x"), Durability::kSync).ok());
  });
}

TEST_CASE("Committer: a full queue refuses, and calls back when there is room") {
  Fixture f;
  CommitterOptions options;
  options.queue_batches_max = 3;
  f.Run(options, [&](Committer& committer) {
    int room = 0;
    committer.SetRoomCallback([&] { ++room; });
    for (int i = 0; i < 3; ++i) CHECK(committer.TrySubmit(Put("a", "1"), Durability::kSync, {}));
    CHECK_FALSE(committer.TrySubmit(Put("a", "2"), Durability::kSync, {}));
    CHECK(room == 0);
    f.Sleep(milliseconds(20));
    CHECK(room == 1);
    CHECK(committer.TrySubmit(Put("a", "2"), Durability::kSync, {}));
    CHECK(committer.stats().refused == 1);
    for (int i = 0; i < 10; ++i) CHECK(committer.Commit(Put("c", "1"), Durability::kSync).ok());
  });
}

TEST_CASE("Committer: full memory delays, it does not fail") {
  Fixture f;
  f.Run({}, [&](Committer& committer) {
    f.engine.stalls = 5;
    CHECK(committer.TryApply(Put("a", "1")).code() == StatusCode::kBusy);
    CHECK(committer.Commit(Put("a", "2"), Durability::kBuffered).ok());
    f.engine.stalls = 5;
    CHECK(committer.Commit(Put("a", "3"), Durability::kSync).ok());
    CHECK(f.engine.Get(CF::kData, "a").value() == "3");
    CHECK(f.world.process().exited == 0);
  });
}

TEST_CASE("Committer: after a failed write or sync every waiter and every later call gets that error") {
  for (const bool fail_sync : {false, true}) {
    Fixture f;
    f.Run({}, [&](Committer& committer) {
      std::vector<StatusCode> codes;
      const auto note = [&](const Status& status) { codes.push_back(status.code()); };
      CHECK(committer.TrySubmit(Put("a", "1"), Durability::kSync, note));
      f.Sleep(milliseconds(1));  // Its sync is under way.
      (fail_sync ? f.engine.sync_error : f.engine.apply_error) = Status(StatusCode::kIoError, "broken");
      CHECK(committer.TrySubmit(Put("b", "1"), Durability::kSync, note));
      StatusCode buffered = StatusCode::kUnknownOutcome;
      CHECK(committer.TrySubmit(Put("c", "1"), Durability::kBuffered,
                                [&](const Status& status) { buffered = status.code(); }));
      f.Sleep(milliseconds(50));
      CHECK(codes == std::vector<StatusCode>(2, StatusCode::kIoError));
      // It was seen by readers before the sync failed, which is all that was promised.
      CHECK(buffered == (fail_sync ? StatusCode::kOk : StatusCode::kIoError));
      CHECK(committer.Commit(Put("d", "1"), Durability::kSync).code() == StatusCode::kIoError);
      CHECK(committer.Commit(Put("d", "1"), Durability::kBuffered).code() == StatusCode::kIoError);
      CHECK(committer.failure().code() == StatusCode::kIoError);
    });
    CHECK(f.world.process().exited >= 1);
    CHECK(f.world.process().first.code() == StatusCode::kIoError);
  }
}

/// What was written and promised, in order: "w2" when the first two batches were in, "p1" when the first was promised.
class Notes final : public CommitObserver {
 public:
  void OnWritten(uint64_t batches) override { Add("w", batches); }
  void OnPromised(uint64_t batches) override { Add("p", batches); }
  std::string text;

 private:
  void Add(const char* what, uint64_t batches) { text += what + std::to_string(batches) + " "; }
};

TEST_CASE("Committer: an observer is told of a batch when it is in the log, and again before it is promised") {
  Fixture f;
  Notes notes;
  f.world.Run([&] {
    Committer committer(f.world.runtime(), f.engine, {}, &notes);
    const auto note = [&](const Status&) { notes.text += "done "; };
    CHECK(committer.TrySubmit(Put("a", "1"), Durability::kSync, note));
    CHECK(committer.TrySubmit(Put("b", "1"), Durability::kSync, note));
    f.Sleep(milliseconds(1));  // Their sync is under way.
    CHECK(committer.TrySubmit(Put("c", "1"), Durability::kSync, note));
    f.Sleep(milliseconds(1));
    CHECK(committer.TrySubmit(Put("d", "1"), Durability::kBuffered, {}));  // Takes the one before along.
    f.Sleep(milliseconds(50));
    CHECK(notes.text == "w2 w3 p2 done done p3 done ");
  });
}

}  // namespace
}  // namespace orrery::testing
