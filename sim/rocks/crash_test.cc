#include <doctest/doctest.h>

#include "sim/rocks/crash_workload.h"

namespace orrery::sim {
namespace {

std::string Join(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

uint64_t Fault(const CrashWorkloadResult& result, DiskFault fault) {
  return result.faults[static_cast<size_t>(fault)];
}

TEST_CASE("Crash: without injected faults nothing synced is lost and no open is refused") {
  uint64_t mid_operation = 0;
  uint64_t in_open = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const CrashWorkloadResult result = CrashWorkload({.seed = seed, .cycles = 40, .sync = 1}).Run();
    CHECK_MESSAGE(result.violations.empty(), Join(result.violations));
    CHECK(result.refused_opens == 0);
    CHECK(result.cycles == 40);
    mid_operation += Fault(result, DiskFault::kMidOperation);
    in_open += result.crashes_in_open;
    CHECK(Fault(result, DiskFault::kUnsyncedLost) > 0);
    CHECK(Fault(result, DiskFault::kDirectoryOpsLost) > 0);
  }
  // The test has teeth only if crashes did hurt.
  CHECK(mid_operation > 50);
  CHECK(in_open > 5);
}

TEST_CASE("Crash: with injected faults nothing synced is lost either") {
  uint64_t injected = 0;
  for (uint64_t seed = 100; seed < 108; ++seed) {
    const CrashWorkloadResult result = CrashWorkload({.seed = seed, .cycles = 40, .faults = true, .sync = 1}).Run();
    CHECK_MESSAGE(result.violations.empty(), Join(result.violations));
    for (int i = 0; i <= static_cast<int>(DiskFault::kNoSpace); ++i) injected += result.faults[static_cast<size_t>(i)];
  }
  CHECK(injected > 20);
}

TEST_CASE("Crash: the workload finds hazard 5, a hole between two unsynced log files") {
  // RocksDB reads on in the next log although the one before ended early. storage/wal_order_env.h is the remedy, and
  // storage/wal_crash_test.cc shows it; without it the prefix law does not hold for unsynced writes.
  const CrashWorkloadResult result = CrashWorkload({.seed = 1015, .cycles = 20, .faults = true}).Run();
  CHECK_FALSE(result.violations.empty());
}

TEST_CASE("Crash: the workload finds hazard 1, flushes avoided during recovery") {
  // kill -9, reopen without flushing, power loss: what the first life acknowledged is gone. If this stops
  // failing, either RocksDB was fixed or the workload lost its teeth.
  size_t violations = 0;
  for (uint64_t seed = 1; seed <= 12 && violations == 0; ++seed) {
    CrashWorkloadOptions options = {.seed = seed, .cycles = 60};
    options.adjust = [](rocksdb::Options& o) { o.avoid_flush_during_recovery = true; };
    violations += CrashWorkload(options).Run().violations.size();
  }
  CHECK(violations > 0);
}

TEST_CASE("Determinism: the same seed writes the same bytes, other seeds others") {
  const uint64_t first = CrashWorkload({.seed = 5, .cycles = 20, .faults = true}).Run().fingerprint;
  const uint64_t other = CrashWorkload({.seed = 6, .cycles = 20, .faults = true}).Run().fingerprint;
  const uint64_t again = CrashWorkload({.seed = 5, .cycles = 20, .faults = true}).Run().fingerprint;
  CHECK(first == again);
  CHECK(first != other);
}

}  // namespace
}  // namespace orrery::sim
