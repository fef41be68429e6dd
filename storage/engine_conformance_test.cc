#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "runtime/base/random.h"
#include "storage/range_export.h"
#include "storage/testing/harness.h"
#include "storage/testing/model_engine.h"

// The engine contract, run against every engine this program links (storage/testing/harness.h).
namespace orrery::testing {
namespace {

using CF = ColumnFamily;

/// Runs `test` once per engine, on a fresh directory each.
void ForEachEngine(const std::function<void(EngineHarness&)>& test) {
  for (const NamedHarness& named : Harnesses()) {
    CAPTURE(named.name);
    const std::unique_ptr<EngineHarness> harness = named.make();
    test(*harness);
  }
}

void Write(Engine& engine, const std::function<void(WriteBatch&)>& fill) {
  WriteBatch batch;
  fill(batch);
  REQUIRE(engine.Apply(batch).ok());
}

std::optional<Bytes> Read(EngineReader& reader, CF family, ByteView key) {
  Result<std::optional<Bytes>> value = reader.Get(family, key);
  REQUIRE(value.ok());
  return std::move(value).value();
}

using Rows = std::vector<std::pair<Bytes, Bytes>>;

Rows ReadAll(EngineReader& reader, const KeyRange& range) {
  Rows rows;
  const auto it = reader.NewIterator(range);
  for (it->SeekToFirst(); it->Valid(); it->Next()) rows.emplace_back(it->key(), it->value());
  REQUIRE(it->status().ok());
  return rows;
}

Bytes Key(uint64_t number) {
  Bytes key = "key";
  Encoder(key).BigEndian64(number);
  return key;
}

TEST_CASE("Engine: a key is what was last put; a missing key is an empty answer") {
  ForEachEngine([](EngineHarness& harness) {
    harness.Run([](Runtime&, Engine& engine) {
      Write(engine, [](WriteBatch& b) {
        b.Put(CF::kData, "a", "1");
        b.Put(CF::kMeta, "a", "meta");
        b.Put(CF::kData, "", "empty key");
        b.Put(CF::kData, "empty value", "");
        b.Put(CF::kData, Bytes("\0\xff", 2), Bytes("\0", 1));
      });
      CHECK(Read(engine, CF::kData, "a") == "1");
      CHECK(Read(engine, CF::kMeta, "a") == "meta");
      CHECK(Read(engine, CF::kRaft, "a") == std::nullopt);
      CHECK(Read(engine, CF::kData, "") == "empty key");
      CHECK(Read(engine, CF::kData, "empty value") == "");
      CHECK(Read(engine, CF::kData, Bytes("\0\xff", 2)) == Bytes("\0", 1));
      CHECK(Read(engine, CF::kData, "b") == std::nullopt);
      const auto quick = engine.TryGet(CF::kData, "a");  // Just written, so in memory.
      REQUIRE(quick.has_value());
      CHECK(quick->value() == "1");
      Write(engine, [](WriteBatch& b) { b.Delete(CF::kData, "a"); });
      CHECK(Read(engine, CF::kData, "a") == std::nullopt);
      CHECK(Read(engine, CF::kMeta, "a") == "meta");
    });
  });
}

TEST_CASE("Engine: within a batch later changes win, and a range deletion spares its end") {
  ForEachEngine([](EngineHarness& harness) {
    harness.Run([](Runtime&, Engine& engine) {
      Write(engine, [](WriteBatch& b) {
        for (const char* key : {"a", "b", "c", "d"}) b.Put(CF::kData, key, "old");
        b.DeleteRange(CF::kData, "b", "d");
        b.Put(CF::kData, "c", "new");
        b.Put(CF::kData, "a", "x");
        b.Delete(CF::kData, "a");
      });
      CHECK(ReadAll(engine, {CF::kData, "", ""}) == Rows{{"c", "new"}, {"d", "old"}});
    });
  });
}

TEST_CASE("Engine: a snapshot does not see later writes, nor do iterators") {
  ForEachEngine([](EngineHarness& harness) {
    harness.Run([](Runtime&, Engine& engine) {
      Write(engine, [](WriteBatch& b) {
        b.Put(CF::kData, "a", "1");
        b.Put(CF::kRaft, "a", "1");
      });
      const auto snapshot = engine.TakeSnapshot();
      const auto old = engine.NewIterator({CF::kData, "", ""});
      Write(engine, [](WriteBatch& b) {
        b.Put(CF::kData, "a", "2");
        b.Put(CF::kData, "b", "2");
        b.DeleteRange(CF::kRaft, "", "z");
      });
      CHECK(engine.Flush().ok());
      CHECK(Read(*snapshot, CF::kData, "a") == "1");
      CHECK(Read(*snapshot, CF::kRaft, "a") == "1");
      CHECK(ReadAll(*snapshot, {CF::kData, "", ""}) == Rows{{"a", "1"}});
      CHECK(ReadAll(engine, {CF::kData, "", ""}) == Rows{{"a", "2"}, {"b", "2"}});
      old->SeekToLast();
      REQUIRE(old->Valid());
      CHECK(old->key() == "a");
      CHECK(old->value() == "1");
    });
  });
}

TEST_CASE("Engine: what was synced is there after a reopen") {
  ForEachEngine([](EngineHarness& harness) {
    harness.Run([](Runtime&, Engine& engine) {
      Write(engine, [](WriteBatch& b) { b.Put(CF::kRaft, "a", "1"); });
      CHECK(engine.Sync().ok());
    });
    harness.Run([](Runtime&, Engine& engine) {
      CHECK(Read(engine, CF::kRaft, "a") == "1");
      Write(engine, [](WriteBatch& b) { b.Put(CF::kRaft, "b", "2"); });
      CHECK(engine.Sync().ok());
      CHECK(engine.Flush().ok());
    });
    harness.Run([](Runtime&, Engine& engine) {
      CHECK(ReadAll(engine, {CF::kRaft, "", ""}) == Rows{{"a", "1"}, {"b", "2"}});
    });
  });
}

TEST_CASE("Engine: a scan now stops when told to") {
  ForEachEngine([](EngineHarness& harness) {
    harness.Run([](Runtime&, Engine& engine) {
      Write(engine, [](WriteBatch& b) {
        for (uint64_t i = 0; i < 10; ++i) b.Put(CF::kRaft, Key(i), std::to_string(i));
      });
      std::vector<Bytes> seen;
      CHECK(engine
                .ScanNow({CF::kRaft, Key(2), Key(9)},
                         [&](ByteView, ByteView value) {
                           seen.emplace_back(value);
                           return seen.size() < 3;
                         })
                .ok());
      CHECK(seen == std::vector<Bytes>{"2", "3", "4"});
    });
  });
}

void Step(EngineIterator& it, EngineIterator& model, Random& random) {
  const uint64_t choice = random.Below(10);
  const Bytes key = Key(random.Below(600));
  if (choice == 0) return it.Seek(key), model.Seek(key);
  if (choice == 1) return it.SeekForPrev(key), model.SeekForPrev(key);
  if (choice == 2 && random.Chance(0.2)) return it.SeekToFirst(), model.SeekToFirst();
  if (choice == 2) return it.SeekToLast(), model.SeekToLast();
  if (!model.Valid()) return;
  if (choice < 7) return it.Next(), model.Next();
  return it.Prev(), model.Prev();
}

TEST_CASE("Engine: iterators walk like the model in both directions, within bounds, cold or warm") {
  ForEachEngine([](EngineHarness& harness) {
    ModelEngine model;
    Random random(11);
    harness.Run([&](Runtime&, Engine& engine) {
      for (int round = 0; round < 30; ++round) {
        WriteBatch batch;
        for (int i = 0; i < 40; ++i) {
          const Bytes key = Key(random.Below(500));
          batch.Put(CF::kData, key, Bytes(random.Below(60), 'v'));
        }
        const uint64_t begin = random.Below(500);
        batch.DeleteRange(CF::kData, Key(begin), Key(begin + 20));
        REQUIRE(engine.Apply(batch).ok());
        REQUIRE(model.Apply(batch).ok());
        if (round % 5 == 4) REQUIRE(engine.Flush().ok());
        const uint64_t low = random.Below(250);
        const KeyRange range{CF::kData, random.Chance(0.3) ? "" : Key(low),
                             random.Chance(0.3) ? "" : Key(low + random.Below(300))};
        const auto it = engine.NewIterator(range);
        const auto reference = model.NewIterator(range);
        for (int step = 0; step < 200; ++step) {
          Step(*it, *reference, random);
          REQUIRE(it->status().ok());
          REQUIRE(it->Valid() == reference->Valid());
          if (!it->Valid()) continue;
          REQUIRE(it->key() == reference->key());
          REQUIRE(it->value() == reference->value());
        }
      }
    });
  });
}

std::vector<Bytes> Export(Engine& engine, std::vector<KeyRange> ranges, size_t chunk_bytes) {
  RangeExport source(engine.TakeSnapshot(), std::move(ranges), {.chunk_bytes = chunk_bytes});
  std::vector<Bytes> chunks;
  for (;;) {
    Result<std::optional<Bytes>> chunk = source.NextChunk();
    REQUIRE(chunk.ok());
    if (!chunk.value().has_value()) return chunks;
    chunks.push_back(*std::move(chunk).value());
  }
}

const std::vector<KeyRange>& ImportRanges() {
  static const std::vector<KeyRange> kRanges = {{CF::kRaft, "m", "n"}, {CF::kData, "b", "y"}, {CF::kMeta, "u", ""}};
  return kRanges;
}

/// Two families and one range that has no end; some rows outside of the ranges.
void FillForExport(Engine& engine, const Bytes& tag, uint64_t rows) {
  for (uint64_t i = 0; i < rows; ++i) {
    Write(engine, [&](WriteBatch& b) {
      b.Put(CF::kData, "c" + Key(i * 7 % 1000), tag + Bytes(i % 90, 'v'));
      b.Put(CF::kRaft, "m" + std::to_string(i), tag);
      b.Put(CF::kMeta, "u" + std::to_string(i % 10), tag);
    });
  }
  Write(engine, [&](WriteBatch& b) {
    b.Put(CF::kData, "a", tag);
    b.Put(CF::kData, "y", tag);
  });
}

TEST_CASE("Engine: an imported range is what was exported, nothing of the old stays, outside nothing changes") {
  std::vector<Bytes> chunks;
  std::vector<Rows> expected;
  ModelEngine source;
  FillForExport(source, "source", 300);
  for (const KeyRange& range : ImportRanges()) expected.push_back(ReadAll(source, range));
  chunks = Export(source, ImportRanges(), 1000);
  CHECK(chunks.size() > 10);
  ForEachEngine([&](EngineHarness& harness) {
    const auto check = [&](Runtime&, Engine& engine) {
      for (size_t i = 0; i < expected.size(); ++i) CHECK(ReadAll(engine, ImportRanges()[i]) == expected[i]);
      CHECK(Read(engine, CF::kData, "a") == "target");
      CHECK(Read(engine, CF::kData, "y") == "target");
      CHECK(Read(engine, CF::kMeta, "final") == "yes");
    };
    harness.Run([&](Runtime& runtime, Engine& engine) {
      FillForExport(engine, "target", 500);
      Write(engine, [](WriteBatch& b) { b.Put(CF::kData, "x only in the target", "?"); });
      auto import = engine.BeginImport("region 7", ImportRanges());
      REQUIRE(import.ok());
      for (const Bytes& chunk : chunks) REQUIRE(import.value()->AddChunk(chunk).ok());
      CHECK(import.value()->complete());
      CHECK(import.value()->chunks() == chunks.size());
      CHECK(Read(engine, CF::kData, "x only in the target") == "?");  // Not yet.
      WriteBatch last;
      last.Put(CF::kMeta, "final", "yes");
      REQUIRE(import.value()->Finish(last).ok());
      check(runtime, engine);
      CHECK(Export(engine, ImportRanges(), 1000) == chunks);
    });
    harness.Run(check);
  });
}

TEST_CASE("Engine: an import of nothing empties its ranges") {
  ForEachEngine([](EngineHarness& harness) {
    ModelEngine empty;
    const std::vector<Bytes> chunks = Export(empty, ImportRanges(), 1000);
    REQUIRE(chunks.size() == 1);
    harness.Run([&](Runtime&, Engine& engine) {
      for (int round = 0; round < 2; ++round) {  // The second time there is nothing to replace either.
        auto import = engine.BeginImport("k", ImportRanges());
        REQUIRE(import.value()->AddChunk(chunks[0]).ok());
        REQUIRE(import.value()->Finish(WriteBatch()).ok());
        for (const KeyRange& range : ImportRanges()) CHECK(ReadAll(engine, range).empty());
        import.value().reset();
        if (round == 0) FillForExport(engine, "x", 20);
      }
    });
  });
}

TEST_CASE("Engine: damaged, foreign and misplaced chunks are refused, and a dropped import leaves nothing") {
  ModelEngine source;
  FillForExport(source, "source", 100);
  const std::vector<Bytes> chunks = Export(source, ImportRanges(), 1000);
  ForEachEngine([&](EngineHarness& harness) {
    harness.Run([&](Runtime&, Engine& engine) {
      FillForExport(engine, "target", 10);
      const Rows before = ReadAll(engine, {CF::kData, "", ""});
      {
        auto import = engine.BeginImport("k", ImportRanges());
        Bytes damaged = chunks[0];
        damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
        CHECK(import.value()->AddChunk(damaged).code() == StatusCode::kCorruption);
      }
      {
        auto import = engine.BeginImport("k", ImportRanges());
        CHECK(import.value()->AddChunk(chunks[1]).code() == StatusCode::kCorruption);
      }
      {
        auto import = engine.BeginImport("k", ImportRanges());
        CHECK(import.value()->AddChunk(chunks[0]).ok());
        CHECK(import.value()->AddChunk(chunks[0]).code() == StatusCode::kCorruption);
        CHECK_FALSE(import.value()->complete());
      }
      const std::vector<KeyRange> smaller = {{CF::kData, "b", "c"}};
      {
        auto import = engine.BeginImport("k", smaller);
        CHECK(import.value()->AddChunk(chunks[0]).code() == StatusCode::kCorruption);
      }
      CHECK(ReadAll(engine, {CF::kData, "", ""}) == before);
    });
  });
}

TEST_CASE("Engine: a fuller range is reported as larger") {
  ForEachEngine([](EngineHarness& harness) {
    harness.Run([](Runtime&, Engine& engine) {
      const uint64_t before = engine.ApproximateBytes({CF::kData, "", ""});
      for (uint64_t i = 0; i < 200; ++i) {
        Write(engine, [&](WriteBatch& b) { b.Put(CF::kData, Key(i), Bytes(200, 'v')); });
      }
      CHECK(engine.ApproximateBytes({CF::kData, "", ""}) > before + 10000);
    });
  });
}

}  // namespace
}  // namespace orrery::testing
