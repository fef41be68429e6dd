#include <doctest/doctest.h>

#include "storage/testing/sim_harness.h"

// A flush or compaction that fails while nobody writes, and nobody waits for it.
namespace orrery::testing {
namespace {

using CF = ColumnFamily;

WriteBatch Rows(int first, int count) {
  WriteBatch batch;
  for (int i = 0; i < count; ++i) batch.Put(CF::kData, "row" + std::to_string(first + i), Bytes(100, 'v'));
  return batch;
}

/// One batch fills the memory, the next one has it written out; then the story rests.
Status EndOfIdleStore(SimHarness& harness, int rows) {
  harness
      .RunAndCrash(
          [rows](Runtime& runtime, Engine& engine) {
            CHECK(engine.Apply(Rows(0, rows)).ok());
            CHECK(engine.Apply(Rows(rows, 1)).ok());
            runtime.scheduler.SleepFor(seconds(1));
          },
          false)
      .IgnoreError();
  return harness.exit_reason();
}

EngineOptions OneSmallBuffer() {
  EngineOptions options = SmallEngineOptions(Random(1));
  options.write_buffer_bytes = 64 * 1024;
  return options;
}

TEST_CASE("Engine: a store whose flush fails while it rests ends within a second") {
  for (const sim::DiskFault fault : {sim::DiskFault::kWriteError, sim::DiskFault::kSyncError, sim::DiskFault::kNoSpace,
                                     sim::DiskFault::kReadError}) {
    CAPTURE(sim::DiskFaultName(fault));
    SimHarness harness{Random(7), OneSmallBuffer()};
    harness.disk().SetFault(fault, sim::PathClass::kTable, {.probability = 1, .times_max = 1});
    const Status reason = EndOfIdleStore(harness, 1000);
    CHECK_MESSAGE(reason.message().starts_with("watch: "), reason.ToString());
    CHECK(reason.code() == (fault == sim::DiskFault::kNoSpace ? StatusCode::kNoSpace : StatusCode::kIoError));
    harness.disk().ClearFaults();
    harness.Run([](Runtime&, Engine& engine) { CHECK(engine.Get(CF::kData, "row7")->has_value()); });
  }
  SimHarness whole{Random(7), OneSmallBuffer()};
  CHECK(EndOfIdleStore(whole, 1000).ok());
  CHECK(whole.disk().done(sim::DiskOpKind::kCreate, sim::PathClass::kTable) > 0);
}

TEST_CASE("Engine: a compaction that finds rot ends the store as corruption, so that it is replaced") {
  int found = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    SimHarness harness{Random(seed), OneSmallBuffer()};
    const auto story = [&](Runtime& runtime, Engine& engine) {
      CHECK(engine.Apply(Rows(0, 300)).ok());
      CHECK(engine.Flush().ok());
      for (uint64_t i = 0; i < 8; ++i)
        harness.disk().FlipBit(sim::PathClass::kTable, sim::SimDisk::RotWhere::kFirstQuarter, Random(seed).Split(i));
      for (int round = 0; round < 8; ++round) {
        if (!engine.Apply(Rows(round, 300)).ok() || !engine.Flush().ok()) return;
        runtime.scheduler.SleepFor(seconds(1));
      }
    };
    harness.RunAndCrash(story, false).IgnoreError();
    const Status reason = harness.exit_reason();
    CHECK_MESSAGE((reason.ok() || reason.code() == StatusCode::kCorruption), reason.ToString());
    found += reason.ok() ? 0 : 1;
  }
  CHECK(found > 10);
}

}  // namespace
}  // namespace orrery::testing
