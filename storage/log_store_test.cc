#include "storage/log_store.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "storage/key_codec.h"
#include "storage/testing/model_engine.h"
#include "storage/testing/test_world.h"

namespace orrery::testing {
namespace {

struct Fixture {
  void Run(const std::function<void(Runtime&, Engine&)>& body) {
    TestWorld world(Random(1), disk, rocks, probes);
    world.Run([&] { body(world.runtime(), engine); });
  }
  std::unique_ptr<LogStore> Open(Runtime& runtime, uint64_t cache_bytes = 1 << 20) {
    auto store = LogStore::Open(runtime, engine, {.cache_bytes_max = cache_bytes});
    REQUIRE(store.ok());
    return std::move(store).value();
  }
  Status Reopen() {
    Status status;
    Run([&](Runtime& runtime, Engine&) { status = LogStore::Open(runtime, engine, {}).status(); });
    return status;
  }

  NoDisk disk;
  NoRocks rocks;
  TestProbes probes;
  ModelEngine engine;
};

void Append(Engine& engine, GroupLog& log, uint64_t first, uint64_t count, uint64_t term, uint64_t tag = 0) {
  std::vector<Bytes> payloads;
  std::vector<LogRecord> records;
  for (uint64_t i = 0; i < count; ++i) payloads.push_back(std::to_string(first + i) + "/" + std::to_string(tag));
  for (uint64_t i = 0; i < count; ++i) records.push_back({LogIndex(first + i), Term(term), 1, payloads[i]});
  WriteBatch batch;
  log.Append(batch, records);
  REQUIRE(engine.Apply(batch).ok());
}

std::vector<Bytes> Payloads(GroupLog& log, uint64_t begin, uint64_t end, size_t bytes_max = SIZE_MAX) {
  std::vector<LogRecord> records;
  REQUIRE(log.Entries(LogIndex(begin), LogIndex(end), bytes_max, records).ok());
  std::vector<Bytes> payloads;
  for (size_t i = 0; i < records.size(); ++i) {
    CHECK(records[i].index == LogIndex(begin + i));
    CHECK(records[i].term == log.TermAt(records[i].index).value());
    CHECK(records[i].kind == 1);
    payloads.emplace_back(records[i].payload);
  }
  return payloads;
}

TEST_CASE("LogStore: entries come back, cached or not, and a conflict replaces the suffix") {
  for (const uint64_t cache_bytes : {uint64_t{0}, uint64_t{200}, uint64_t{1} << 20}) {
    CAPTURE(cache_bytes);
    Fixture f;
    f.Run([&](Runtime& runtime, Engine& engine) {
      const auto store = f.Open(runtime, cache_bytes);
      WriteBatch batch;
      GroupLog& log = store->Create(batch, RegionId(7), LogIndex(4), Term(2));
      REQUIRE(engine.Apply(batch).ok());
      CHECK(log.FirstIndex() == LogIndex(5));
      CHECK(log.LastIndex() == LogIndex(4));
      CHECK(log.TermAt(LogIndex(4)).value() == Term(2));
      CHECK(log.TermAt(LogIndex(3)).code() == StatusCode::kCompacted);
      CHECK(log.TermAt(LogIndex(5)).code() == StatusCode::kNotFound);
      Append(engine, log, 5, 6, 3);
      CHECK(Payloads(log, 5, 8) == std::vector<Bytes>{"5/0", "6/0", "7/0"});
      Append(engine, log, 8, 1, 4, 9);  // 8..10 go.
      CHECK(log.LastIndex() == LogIndex(8));
      CHECK(Payloads(log, 7, 9) == std::vector<Bytes>{"7/0", "8/9"});
      CHECK(log.TermAt(LogIndex(8)).value() == Term(4));
      CHECK(Payloads(log, 5, 9, 1).size() == 1);  // At least one.
      CHECK(Payloads(log, 5, 9, 2 * 27).size() == 2);
    });
    CHECK(f.Reopen().ok());
  }
}

TEST_CASE("LogStore: what compaction and a snapshot removed is gone after a reopen, too") {
  Fixture f;
  f.Run([&](Runtime& runtime, Engine& engine) {
    const auto store = f.Open(runtime);
    WriteBatch batch;
    GroupLog& one = store->Create(batch, RegionId(1), LogIndex(0), Term(0));
    GroupLog& two = store->Create(batch, RegionId(2), LogIndex(0), Term(0));
    store->Create(batch, RegionId(3), LogIndex(0), Term(0));
    REQUIRE(engine.Apply(batch).ok());
    Append(engine, one, 1, 100, 5);
    Append(engine, two, 1, 10, 5);
    WriteBatch changes;
    one.CompactTo(changes, LogIndex(60));
    two.ResetTo(changes, LogIndex(1000), Term(8));
    one.PutRecord(changes, GroupRecord::kHardState, "hard");
    store->Destroy(changes, RegionId(3));
    REQUIRE(engine.Apply(changes).ok());
    std::vector<LogRecord> out;
    CHECK(one.Entries(LogIndex(60), LogIndex(62), 100, out).code() == StatusCode::kCompacted);
  });
  f.Run([&](Runtime& runtime, Engine&) {
    const auto store = f.Open(runtime);
    CHECK(store->Groups() == std::vector<RegionId>{RegionId(1), RegionId(2)});
    GroupLog& one = *store->Find(RegionId(1));
    CHECK(one.FirstIndex() == LogIndex(61));
    CHECK(one.LastIndex() == LogIndex(100));
    CHECK(one.Record(GroupRecord::kHardState) == "hard");
    CHECK(one.Record(GroupRecord::kApplyState).empty());
    CHECK(Payloads(one, 61, 63) == std::vector<Bytes>{"61/0", "62/0"});
    GroupLog& two = *store->Find(RegionId(2));
    CHECK(two.LastIndex() == LogIndex(1000));
    CHECK(two.TermAt(LogIndex(1000)).value() == Term(8));
  });
}

TEST_CASE("LogStore: a hole, a rotten entry, a stray one or a rotten record refuses to open, by name") {
  const auto spoil = [](const std::function<void(std::map<Bytes, Bytes>&)>& change) {
    Fixture f;
    f.Run([&](Runtime& runtime, Engine& engine) {
      const auto store = f.Open(runtime);
      WriteBatch batch;
      GroupLog& log = store->Create(batch, RegionId(7), LogIndex(0), Term(0));
      log.PutRecord(batch, GroupRecord::kHardState, "vote");
      REQUIRE(engine.Apply(batch).ok());
      Append(engine, log, 1, 9, 3);
    });
    change(f.engine.families()[static_cast<size_t>(ColumnFamily::kRaft)]);
    const Status status = f.Reopen();
    CHECK(status.code() == StatusCode::kCorruption);
    CHECK(status.message().find("region 7") != std::string_view::npos);
  };
  const Bytes fifth = RaftEntryKey(RegionId(7), LogIndex(5));
  spoil([&](auto& rows) { rows.erase(fifth); });
  spoil([&](auto& rows) { rows[fifth].back() = '?'; });
  spoil([&](auto& rows) { rows[fifth] = rows[RaftEntryKey(RegionId(7), LogIndex(6))]; });  // Misdirected.
  spoil([&](auto& rows) { rows.erase(RaftRecordKey(RegionId(7), RaftTag::kLogState)); });
  spoil([&](auto& rows) { rows[RaftRecordKey(RegionId(7), RaftTag::kHardState)].back() = '?'; });
}

TEST_CASE("LogStore: an entry that rots while the store runs is found when it is read") {
  Fixture f;
  f.Run([&](Runtime& runtime, Engine& engine) {
    const auto store = f.Open(runtime, 0);
    WriteBatch batch;
    GroupLog& log = store->Create(batch, RegionId(7), LogIndex(0), Term(0));
    REQUIRE(engine.Apply(batch).ok());
    Append(engine, log, 1, 5, 3);
    auto& rows = f.engine.families()[static_cast<size_t>(ColumnFamily::kRaft)];
    std::vector<LogRecord> out;
    rows[RaftEntryKey(RegionId(7), LogIndex(3))].back() = '?';
    CHECK(log.Entries(LogIndex(2), LogIndex(5), 1000, out).code() == StatusCode::kCorruption);
    rows.erase(RaftEntryKey(RegionId(7), LogIndex(3)));
    CHECK(log.Entries(LogIndex(2), LogIndex(5), 1000, out).code() == StatusCode::kCorruption);
  });
}

TEST_CASE("LogStore: agrees with a plain map through random appends, conflicts, compactions and reopens") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    Fixture f;
    Random random(seed);
    std::map<uint64_t, std::pair<uint64_t, uint64_t>> model;  // Index to term and tag.
    uint64_t base = 0, base_term = 0, term = 1, tag = 0;
    for (int boot = 0; boot < 5; ++boot) {
      f.Run([&](Runtime& runtime, Engine& engine) {
        const auto store = f.Open(runtime, random.Below(3) * 500);
        GroupLog* log = store->Find(RegionId(1));
        if (log == nullptr) {
          WriteBatch batch;
          log = &store->Create(batch, RegionId(1), LogIndex(0), Term(0));
          REQUIRE(engine.Apply(batch).ok());
        }
        for (int step = 0; step < 100; ++step) {
          const uint64_t last = base + model.size();
          const uint64_t choice = random.Below(10);
          if (choice < 5) {
            if (random.Chance(0.2)) ++term;
            const bool conflict = random.Chance(0.2) && last > base;
            if (conflict) ++term;
            const uint64_t first = conflict ? base + 1 + random.Below(last - base) : last + 1;
            const uint64_t count = 1 + random.Below(5);
            model.erase(model.lower_bound(first), model.end());
            ++tag;
            for (uint64_t i = 0; i < count; ++i) model[first + i] = {term, tag};
            Append(engine, *log, first, count, term, tag);
          } else if (choice == 5 && last > base) {
            const uint64_t to = base + random.Below(last - base + 1);
            if (to > base) base_term = model[to].first;
            WriteBatch batch;
            log->CompactTo(batch, LogIndex(to));
            REQUIRE(engine.Apply(batch).ok());
            model.erase(model.begin(), model.upper_bound(to));
            base = to;
          } else if (last > base) {
            const uint64_t begin = base + 1 + random.Below(last - base);
            const std::vector<Bytes> payloads = Payloads(*log, begin, last + 1);
            REQUIRE(payloads.size() == last + 1 - begin);
            for (uint64_t i = begin; i <= last; ++i) {
              REQUIRE(payloads[i - begin] == std::to_string(i) + "/" + std::to_string(model[i].second));
              REQUIRE(log->TermAt(LogIndex(i)).value() == Term(model[i].first));
            }
          }
          REQUIRE(log->LastIndex().value() == base + model.size());
          REQUIRE(log->TermAt(LogIndex(base)).value() == Term(base_term));
        }
      });
    }
  }
}

}  // namespace
}  // namespace orrery::testing
