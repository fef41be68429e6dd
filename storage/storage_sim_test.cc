#include <doctest/doctest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <set>
#include <vector>

#include "sim/rocks/required_options.h"
#include "storage/committer.h"
#include "storage/log_store.h"
#include "storage/range_export.h"
#include "storage/rocks_options.h"
#include "storage/table_layout.h"
#include "storage/testing/model_engine.h"
#include "storage/testing/sim_harness.h"
#include "storage/wal_order_env.h"

// The engine, the committer and the log store through crashes of the simulated disk.
namespace orrery::testing {
namespace {

using CF = ColumnFamily;
constexpr ByteView kSequence = "sequence";

Bytes Number(uint64_t number) {
  Bytes out;
  Encoder(out).BigEndian64(number);
  return out;
}

WriteBatch RandomBatch(uint64_t sequence, Random random) {
  WriteBatch batch;
  batch.Put(CF::kMeta, kSequence, Number(sequence));
  const uint64_t changes = 1 + random.Below(8);
  for (uint64_t i = 0; i < changes; ++i) {
    const auto family = static_cast<CF>(random.Below(kColumnFamilyCount));
    const Bytes key = "k" + std::to_string(random.Below(200));
    const uint64_t kind = random.Below(20);
    const uint64_t length = random.Below(400);
    const Bytes value(length, static_cast<char>('a' + random.Below(26)));
    if (kind == 0) {
      batch.DeleteRange(family, key, key + "~");
    } else if (kind < 4) {
      batch.Delete(family, key);
    } else {
      batch.Put(family, key, value);
    }
  }
  return batch;
}

ModelEngine::Families ReadFamilies(Engine& engine) {
  ModelEngine::Families families;
  for (int i = 0; i < kColumnFamilyCount; ++i) {
    const auto rows = engine.NewIterator({static_cast<CF>(i), i == 0 ? "k" : "", ""});
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      if (i == 0 && rows->key().starts_with("s/")) continue;  // The engine's own.
      families[static_cast<size_t>(i)].emplace(rows->key(), rows->value());
    }
    ORRERY_ASSERT(rows->status().ok());
  }
  return families;
}

/// Every batch of every boot in order, what was acknowledged as durable, and what must therefore be there.
class CrashStory {
 public:
  explicit CrashStory(Random random) : random_(random), harness_(random.Split("node")) {}

  void Cycle(int number) {
    Random random = random_.Split("cycle").Split(static_cast<uint64_t>(number));
    const bool power_loss = random.Chance(0.7);
    const uint64_t bound = random.Chance(0.2) ? 20 : 400;
    if (random.Chance(0.8)) harness_.disk().FreezeAtMutation(1 + random.Below(bound));
    const Status opened = harness_.RunAndCrash(
        [&](Runtime& runtime, Engine& engine) {
          Verify(engine);
          Committer committer(runtime, engine, CommitterOptions());
          const uint64_t writes = random.Below(300);
          for (uint64_t i = 0; i < writes; ++i) {
            if (!WriteOne(committer, random)) return;
          }
        },
        power_loss);
    // A killed process loses nothing it had written; but until an open has synced it, the power may.
    if (power_loss) buffered_ = synced_;
    floor_ = buffered_;
    if (!opened.ok() && opened.code() != StatusCode::kIoError) FAIL(opened.ToString());
  }

  uint64_t verified() const { return verified_; }
  uint64_t batches() const { return batches_.size(); }
  TestProbes& probes() { return harness_.probes(); }

 private:
  bool WriteOne(Committer& committer, Random& random) {
    const uint64_t sequence = batches_.size() + 1;
    batches_.push_back(RandomBatch(sequence, random_.Split("batch").Split(sequence)));
    const bool sync = random.Chance(0.3);
    const Status status = committer.Commit(batches_.back(), sync ? Durability::kSync : Durability::kBuffered);
    if (!status.ok()) return false;
    buffered_ = sequence;
    if (sync) synced_ = floor_ = sequence;
    return true;
  }

  /// The content must be what some prefix of the batches makes, and not less than was promised.
  void Verify(Engine& engine) {
    const Result<std::optional<Bytes>> stored = engine.Get(CF::kMeta, kSequence);
    ORRERY_ASSERT(stored.ok());
    uint64_t sequence = 0;
    if (stored.value().has_value()) sequence = Decoder(*stored.value()).BigEndian64();
    CHECK(sequence >= floor_);
    CHECK(sequence <= batches_.size());
    batches_.resize(std::min<size_t>(batches_.size(), sequence));
    ModelEngine::Families expected;
    for (const WriteBatch& batch : batches_) ApplyToModel(batch, expected);
    // Reads stand outside of CHECK, which would swallow the cancellation of a crash.
    const ModelEngine::Families families = ReadFamilies(engine);
    CHECK(families == expected);
    for (size_t i = 0; i < expected.size(); ++i) {
      for (int key = 0; key < 200; key += 7) {
        const auto found = expected[i].find("k" + std::to_string(key));
        const auto wanted = found == expected[i].end() ? std::nullopt : std::optional(found->second);
        const Result<std::optional<Bytes>> read = engine.Get(static_cast<CF>(i), "k" + std::to_string(key));
        CHECK(read.value() == wanted);
      }
    }
    // The open has synced what it replayed.
    synced_ = floor_ = buffered_ = sequence;
    ++verified_;
  }

  Random random_;
  SimHarness harness_;
  std::vector<WriteBatch> batches_;
  uint64_t buffered_ = 0;
  uint64_t synced_ = 0;
  uint64_t floor_ = 0;  ///< What the next open must find.
  uint64_t verified_ = 0;
};

TEST_CASE("Storage: a crash keeps a prefix of the batches with everything acknowledged as synced") {
  uint64_t verified = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    CrashStory story{Random(seed)};
    for (int cycle = 0; cycle < 25; ++cycle) story.Cycle(cycle);
    verified += story.verified();
  }
  CHECK(verified > 200);
}

Bytes Content(Engine& engine, const KeyRange& range) {
  Bytes content;
  const auto rows = engine.NewIterator(range);
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) Encoder(content).LengthPrefixed(rows->key());
  ORRERY_ASSERT(rows->status().ok());
  return content;
}

void PutNewRows(ModelEngine& source, int count) {
  WriteBatch rows;
  for (int i = 0; i < count; ++i) rows.Put(CF::kData, "new" + std::to_string(i), Bytes(50, 'n'));
  CHECK(source.Apply(rows).ok());
}

TEST_CASE("Import: a crash anywhere leaves the old content or the new one with its final batch") {
  const KeyRange range{CF::kData, "a", ""};
  ModelEngine source;
  PutNewRows(source, 150);
  const Bytes new_content = Content(source, range);
  int finished_at_open = 0;
  for (uint64_t seed = 1; seed <= 80; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed)};
    Bytes old_content;
    harness.Run([&](Runtime& runtime, Engine& engine) {
      Committer committer(runtime, engine, CommitterOptions());
      WriteBatch old;
      for (int i = 0; i < 100; ++i) old.Put(CF::kData, "old" + std::to_string(i), Bytes(50, 'o'));
      CHECK(committer.Commit(old, Durability::kSync).ok());
      old_content = Content(engine, range);
    });
    bool finished = false;
    harness.disk().FreezeAtMutation(10 + seed);
    harness
        .RunAndCrash(
            [&](Runtime&, Engine& engine) {
              RangeExport content(source.TakeSnapshot(), {range}, {.chunk_bytes = 2000});
              auto import = engine.BeginImport("r", std::vector<KeyRange>{range});
              for (;;) {
                auto chunk = content.NextChunk();
                if (!chunk.value().has_value()) break;
                if (!import.value()->AddChunk(*chunk.value()).ok()) return;
              }
              WriteBatch last;
              last.Put(CF::kMeta, "final", "yes");
              finished = import.value()->Finish(last).ok();
            },
            seed % 3 != 0)
        .IgnoreError();
    harness.Run([&](Runtime&, Engine& engine) {
      const bool is_new = engine.Get(CF::kMeta, "final").value().has_value();
      if (finished) CHECK(is_new);
      CHECK(Content(engine, range) == (is_new ? new_content : old_content));
    });
    finished_at_open += harness.probes().hits["storage.import.completed_at_open"] > 0;
    CHECK(harness.disk().List("engine.import").value_or({}).empty());
  }
  CHECK(finished_at_open > 0);
}

/// Tables of a few blocks each in a sorted level.
EngineOptions SmallTables() {
  EngineOptions options;
  options.write_buffer_bytes = uint64_t{32} << 10;
  options.file_bytes = uint64_t{16} << 10;
  options.level_base_bytes = uint64_t{64} << 10;
  options.block_bytes = uint64_t{16} << 10;
  options.level0_compaction_files = 2;
  return options;
}

/// Nothing is compacted.
EngineOptions TablesThatStay() {
  EngineOptions options;
  options.level0_compaction_files = 64;
  options.level0_stop_files = 256;
  return options;
}

/// Begins an import of 150 rows and goes as far as the disk lets it. Whether it finished.
bool ImportRows(Engine& engine, ModelEngine& source, const KeyRange& range) {
  RangeExport content(source.TakeSnapshot(), {range}, {.chunk_bytes = 2000});
  auto import = engine.BeginImport("r", std::vector<KeyRange>{range});
  for (auto chunk = content.NextChunk(); chunk.value().has_value(); chunk = content.NextChunk()) {
    if (!import.value()->AddChunk(*chunk.value()).ok()) return false;
  }
  return import.value()->Finish(WriteBatch()).ok();
}

TEST_CASE("Import: a file that a begun import needs and the disk has lost is corruption, and named") {
  const KeyRange range{CF::kData, "a", ""};
  ModelEngine source;
  PutNewRows(source, 150);
  int noticed = 0;
  for (uint64_t mutations = 10; mutations <= 60; ++mutations) {
    CAPTURE(mutations);
    SimHarness harness{Random(9)};
    harness.Run([](Runtime&, Engine&) {});
    harness.disk().FreezeAtMutation(mutations);
    harness.RunAndCrash([&](Runtime&, Engine& engine) { ImportRows(engine, source, range); }, false).IgnoreError();
    std::string lost;
    for (const std::string& name : harness.disk().List("engine.import").value_or({})) {
      if (name.ends_with(".sst")) lost = "engine.import/" + name;
    }
    if (lost.empty()) continue;
    CHECK(harness.disk().Remove(lost).ok());
    const Status opened = harness.RunAndCrash([](Runtime&, Engine&) {}, false);
    if (opened.ok()) continue;  // Nothing had been promised about it yet.
    CHECK_MESSAGE(opened.code() == StatusCode::kCorruption, opened.ToString());
    CHECK_MESSAGE(opened.message().find(lost) != std::string_view::npos, opened.ToString());
    ++noticed;
  }
  CHECK(noticed > 0);
}

TEST_CASE("Import: a read that fails anywhere ends the import with an error; the next open completes it or drops it") {
  const KeyRange range{CF::kData, "a", ""};
  ModelEngine source;
  PutNewRows(source, 1500);
  const Bytes new_content = Content(source, range);
  int failed = 0;
  int several_files = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed), SmallTables()};
    harness.Run([](Runtime&, Engine&) {});
    const double rate = 0.01 * static_cast<double>(1 + seed % 10);  // Tables of several blocks.
    bool finished = false;
    harness
        .RunAndCrash(
            [&](Runtime&, Engine& engine) {
              harness.disk().SetFaultEverywhere(sim::DiskFault::kReadError, {.probability = rate});
              finished = ImportRows(engine, source, range);
              harness.disk().ClearFaults();
            },
            false)
        .IgnoreError();
    failed += finished ? 0 : 1;
    several_files += harness.probes().hits["storage.import.several_files"] > 0;
    harness.disk().ClearFaults();
    harness.Run([&](Runtime&, Engine& engine) {
      const Bytes content = Content(engine, range);
      if (finished) CHECK(content == new_content);
      if (!finished) CHECK((content.empty() || content == new_content));
    });
  }
  CHECK(failed > 20);
  CHECK(failed < 180);
  CHECK(several_files > 20);
}

TEST_CASE("Import: a flush that it waits for and that fails ends it, whatever the family") {
  const KeyRange range{CF::kData, "a", ""};
  ModelEngine source;
  PutNewRows(source, 150);
  int flushes_failed = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed)};
    const auto story = [&](Runtime& runtime, Engine& engine) {
      WriteBatch old;
      old.Put(CF::kData, "new5 is in memory", "");
      CHECK(engine.Apply(old).ok());
      const Task watchdog = runtime.domain.Spawn("watchdog", [&runtime] {
        runtime.scheduler.SleepFor(seconds(5));
        runtime.process.Exit(Status(StatusCode::kTimeout, "the import hangs"));
      });
      // RocksDB reads a table that it has written before it trusts it.
      harness.disk().SetFault(sim::DiskFault::kReadError, sim::PathClass::kTable, {.probability = 0.2, .times_max = 1});
      ImportRows(engine, source, range);
      harness.disk().ClearFaults();
    };
    harness.RunAndCrash(story, false).IgnoreError();
    const Status reason = harness.exit_reason();
    CHECK_MESSAGE(reason.code() != StatusCode::kTimeout, reason.ToString());
    flushes_failed += reason.message().find("flush") != std::string_view::npos ? 1 : 0;
    harness.disk().ClearFaults();
    harness.Run([](Runtime&, Engine&) {});
  }
  CHECK(flushes_failed > 0);
}

TEST_CASE("Committer: after a failed fsync nothing is acknowledged and the node is told to stop") {
  SimHarness harness{Random(5)};
  int acknowledged = 0;
  harness
      .RunAndCrash(
          [&](Runtime& runtime, Engine& engine) {
            Committer committer(runtime, engine, CommitterOptions());
            WriteBatch batch;
            batch.Put(CF::kRaft, "a", "1");
            CHECK(committer.Commit(batch, Durability::kSync).ok());
            harness.disk().SetFault(sim::DiskFault::kSyncError, sim::PathClass::kWal, {.probability = 1});
            for (int i = 0; i < 3; ++i) acknowledged += committer.Commit(batch, Durability::kSync).ok();
          },
          true)
      .IgnoreError();
  CHECK(acknowledged == 0);
  CHECK(harness.exit_reason().code() == StatusCode::kIoError);
}

TEST_CASE("WalOrderEnv: after a sync of a log that failed none succeeds, and no log is begun") {
  SimHarness harness{Random(6)};
  harness.Run([&](Runtime& runtime, Engine&) {
    const auto env = NewWalOrderEnv(runtime.rocks.env());
    rocksdb::FileSystem& files = *env->GetFileSystem();
    const auto open = [&](const std::string& name) {
      std::unique_ptr<rocksdb::FSWritableFile> file;
      const auto status = files.NewWritableFile(runtime.rocks.PathOf(name), rocksdb::FileOptions(), &file, nullptr);
      return std::pair(status, std::move(file));
    };
    const auto sync = [](rocksdb::FSWritableFile& file) { return file.Sync(rocksdb::IOOptions(), nullptr); };
    const auto [opened, log] = open("one.log");
    REQUIRE(opened.ok());
    CHECK(log->Append("promised", rocksdb::IOOptions(), nullptr).ok());
    CHECK(sync(*log).ok());
    harness.disk().SetFault(sim::DiskFault::kSyncError, sim::PathClass::kWal, {.probability = 1, .times_max = 1});
    CHECK(log->Append("lost", rocksdb::IOOptions(), nullptr).ok());
    const rocksdb::IOStatus failed = sync(*log);
    CHECK_FALSE(failed.ok());
    CHECK(sync(*log).ToString() == failed.ToString());  // The disk itself would say that all is well.
    CHECK(log->Fsync(rocksdb::IOOptions(), nullptr).ToString() == failed.ToString());
    CHECK(open("two.log").first.ToString() == failed.ToString());
    CHECK(log->Close(rocksdb::IOOptions(), nullptr).ok());
  });
}

TEST_CASE("Engine: rot below what was synced refuses to open, and says where") {
  SimHarness harness{Random(6)};
  harness.Run([&](Runtime& runtime, Engine& engine) {
    Committer committer(runtime, engine, CommitterOptions());
    for (int i = 0; i < 20; ++i) {
      WriteBatch batch;
      batch.Put(CF::kRaft, "a" + std::to_string(i), Bytes(100, 'x'));
      CHECK(committer.Commit(batch, Durability::kSync).ok());
    }
  });
  REQUIRE(harness.disk().FlipBit(sim::PathClass::kWal, sim::SimDisk::RotWhere::kFirstQuarter, Random(3)));
  const Status opened = harness.RunAndCrash([](Runtime&, Engine&) {}, false);
  CHECK(opened.code() == StatusCode::kCorruption);
  CHECK(opened.message().find(".log") != std::string_view::npos);
}

TEST_CASE("Engine: a walk over a rotten table ends with an error, never with rows left out") {
  constexpr int kRows = 2000;
  int noticed = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed), SmallTables()};
    harness.Run([&](Runtime& runtime, Engine& engine) {
      // Rounds whose tables overlap, so that a compaction cuts them anew.
      for (int round = 0; round < 4; ++round) {
        for (int i = round; i < kRows; i += 4) {
          WriteBatch batch;
          batch.Put(CF::kData, "row" + std::to_string(10'000 + i), Bytes(100, 'v'));
          while (!engine.Apply(batch).ok()) runtime.scheduler.SleepFor(milliseconds(10));
        }
        CHECK(engine.Flush().ok());
        runtime.scheduler.SleepFor(seconds(5));
      }
    });
    REQUIRE(harness.disk().FlipBit(sim::PathClass::kTable, sim::SimDisk::RotWhere::kAnywhere, Random(seed)));
    harness
        .RunAndCrash(
            [&](Runtime&, Engine& engine) {
              int rows = 0;
              const auto walk = engine.NewIterator(KeyRange{CF::kData, "", ""});
              for (walk->SeekToFirst(); walk->Valid(); walk->Next()) ++rows;
              if (walk->status().ok()) CHECK(rows == kRows);
              noticed += walk->status().code() == StatusCode::kCorruption ? 1 : 0;
            },
            false)
        .IgnoreError();
  }
  CHECK(noticed > 5);
}

TEST_CASE("Engine: sectors of a table may rot, at its end above all") {
  int noticed = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed), TablesThatStay()};
    harness.Run([&](Runtime&, Engine& engine) {
      WriteBatch batch;
      for (uint64_t i = 0; i < 20 + seed % 64; ++i) batch.Put(CF::kData, "row" + std::to_string(10 + i), "value");
      CHECK(engine.Apply(batch).ok());
      CHECK(engine.Flush().ok());
    });
    REQUIRE(harness.disk().RotSector(sim::PathClass::kTable, sim::SimDisk::RotWhere::kEnd, Random(seed)));
    const Status opened = harness.RunAndCrash([](Runtime&, Engine&) {}, false);
    if (!opened.ok()) CHECK_MESSAGE(opened.code() == StatusCode::kCorruption, opened.ToString());
    noticed += opened.ok() ? 0 : 1;
  }
  CHECK(noticed > 100);
}

TEST_CASE("Engine: the highest bit of any byte near the end of a table may flip") {
  SimHarness harness{Random(11), TablesThatStay()};
  harness.Run([](Runtime&, Engine& engine) {
    WriteBatch batch;
    for (int i = 0; i < 20; ++i) batch.Put(CF::kData, "row" + std::to_string(10 + i), "value");
    CHECK(engine.Apply(batch).ok());
    CHECK(engine.Flush().ok());
  });
  std::string table;
  for (const std::string& name : harness.disk().List("engine").value_or({})) {
    if (name.ends_with(".sst")) table = "engine/" + name;
  }
  REQUIRE_FALSE(table.empty());
  const uint64_t size = harness.disk().SizeOf(table).value();
  const Bytes content = harness.disk().ReadFile(table, size).value();
  std::set<std::string> blocks;
  const auto read = [&](uint64_t offset, uint64_t bytes) { return std::optional(content.substr(offset, bytes)); };
  for (const TableBlock& block : TableBlocksOf(size, read)) blocks.insert(block.name);
  CHECK(blocks.contains("metaindex"));
  CHECK(blocks.contains("index"));
  CHECK(blocks.contains("rocksdb.properties"));
  int damaged_properties = 0;
  for (uint64_t offset = size - std::min<uint64_t>(size, 1200); offset < size; ++offset) {
    CAPTURE(offset);
    const sim::SimDisk::Flip flip{.path = table, .offset = offset, .bit = 7};
    harness.disk().FlipBitAt(flip);
    const Status opened = harness.RunAndCrash([](Runtime&, Engine&) {}, false);
    if (!opened.ok()) CHECK_MESSAGE(opened.code() == StatusCode::kCorruption, opened.ToString());
    damaged_properties += opened.message().find("block of properties") != std::string_view::npos ? 1 : 0;
    harness.disk().FlipBitAt(flip);
  }
  CHECK(damaged_properties == 1);
}

TEST_CASE("Engine: a lost CURRENT file is not taken for a new store") {
  SimHarness harness{Random(7)};
  harness.Run([](Runtime&, Engine&) {});
  CHECK(harness.disk().Remove("engine/CURRENT").ok());
  CHECK(harness.RunAndCrash([](Runtime&, Engine&) {}, false).code() == StatusCode::kCorruption);
}

TEST_CASE("Engine: a store whose write-ahead log is gone refuses to open") {
  SimHarness harness{Random(7)};
  harness.Run([](Runtime&, Engine&) {});
  for (const std::string& name : harness.disk().List("engine").value_or({})) {
    if (name.ends_with(".log")) CHECK(harness.disk().Remove("engine/" + name).ok());
  }
  const Status opened = harness.RunAndCrash([](Runtime&, Engine&) {}, false);
  CHECK(opened.code() == StatusCode::kCorruption);
  CHECK(opened.message().find("engine/*.log") != std::string_view::npos);
}

TEST_CASE("Engine: its options are those the simulator needs") {
  SimHarness harness{Random(8)};
  harness.Run([](Runtime& runtime, Engine&) {
    const auto env = NewWalOrderEnv(runtime.rocks.env());
    const auto problems = sim::RocksOptionProblems(MakeDbOptions(EngineOptions(), env.get(), runtime.rocks.logger()));
    for (const std::string& problem : problems) FAIL_CHECK(problem);
  });
}

TEST_CASE("LogStore: groups survive crashes with all that was acknowledged") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed).Split("log")};
    Random random = Random(seed).Split("story");
    std::vector<uint64_t> acknowledged(4, 0);
    for (int cycle = 0; cycle < 12; ++cycle) {
      harness.disk().FreezeAtMutation(40 + random.Below(300));
      harness
          .RunAndCrash(
              [&](Runtime& runtime, Engine& engine) {
                auto store = LogStore::Open(runtime, engine, {.cache_bytes_max = 2000});
                ORRERY_ASSERT_THAT(store.ok(), store.status().ToString());
                Committer committer(runtime, engine, CommitterOptions());
                for (uint64_t region = 1; region <= 3; ++region) {
                  GroupLog* const log = store.value()->Find(RegionId(region));
                  if (log != nullptr) CHECK(log->LastIndex().value() >= acknowledged[region]);
                  if (log == nullptr) CHECK(acknowledged[region] == 0);
                }
                for (int i = 0; i < 40; ++i) {
                  WriteBatch batch;
                  std::vector<uint64_t> last(4, 0);
                  for (uint64_t region = 1; region <= 3; ++region) {
                    GroupLog* log = store.value()->Find(RegionId(region));
                    if (log == nullptr) log = &store.value()->Create(batch, RegionId(region), LogIndex(0), Term(0));
                    const Bytes payload(random.Below(200), static_cast<char>('a' + region));
                    const LogRecord record{log->LastIndex().Next(), Term(1), 0, payload};
                    log->Append(batch, std::span(&record, 1));
                    if (random.Chance(0.1)) log->CompactTo(batch, log->LastIndex().Previous());
                    last[region] = log->LastIndex().value();
                  }
                  if (!committer.Commit(batch, Durability::kSync).ok()) return;
                  acknowledged = last;
                }
              },
              random.Chance(0.7))
          .IgnoreError();
    }
    CHECK(acknowledged[1] > 0);
  }
}

}  // namespace
}  // namespace orrery::testing
