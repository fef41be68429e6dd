// orrery-rocks-measure: the figures of RocksDB on the simulated disk.
//
//   fingerprint SEED CYCLES          hash of every disk operation of a crash workload (compare two processes)
//   campaign FIRST LAST CYCLES MODE  crash workloads; MODE: clean, faults, reads
//   speed                            puts per second, opens, crash and reopen

#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <string_view>

#include "sim/rocks/crash_workload.h"
#include "sim/rocks/hooks.h"

namespace orrery::sim {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

int Fingerprint(uint64_t seed, int cycles) {
  const CrashWorkloadResult result = CrashWorkload({.seed = seed, .cycles = cycles, .faults = true}).Run();
  fmt::print("{:016x} writes={} pumps={}\n", result.fingerprint, result.writes, result.fallback_pumps);
  return result.violations.empty() ? 0 : 1;
}

int Campaign(uint64_t first, uint64_t last, int cycles, std::string_view mode) {
  CrashWorkloadResult total;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t seed = first; seed <= last; ++seed) {
    const bool reads = mode == "reads";
    const CrashWorkloadOptions options = {
        .seed = seed, .cycles = cycles, .faults = reads || mode == "faults", .read_faults = reads, .sync = 1};
    CrashWorkloadResult result = CrashWorkload(options).Run();
    for (const std::string& violation : result.violations) fmt::print("VIOLATION {}\n", violation);
    total.violations.insert(total.violations.end(), result.violations.begin(), result.violations.end());
    total.cycles += result.cycles;
    total.writes += result.writes;
    total.synced_writes += result.synced_writes;
    total.lost_unsynced += result.lost_unsynced;
    total.refused_opens += result.refused_opens;
    total.crashes_in_open += result.crashes_in_open;
    total.fallback_pumps += result.fallback_pumps;
    for (size_t i = 0; i < total.faults.size(); ++i) total.faults[i] += result.faults[i];
  }
  fmt::print(
      "cycles={} writes={} synced={} lost_unsynced={} refused_opens={} crashes_in_open={} pumps={} violations={}\n",
      total.cycles, total.writes, total.synced_writes, total.lost_unsynced, total.refused_opens, total.crashes_in_open,
      total.fallback_pumps, total.violations.size());
  for (int i = 0; i < kDiskFaultCount; ++i) {
    fmt::print("  {}={}", DiskFaultName(static_cast<DiskFault>(i)), total.faults[static_cast<size_t>(i)]);
  }
  fmt::print("\n  {:.1f} s\n", SecondsSince(begin));
  return total.violations.empty() ? 0 : 1;
}

double PutMany(TestNode& node, int count, bool sync) {
  const auto begin = std::chrono::steady_clock::now();
  rocksdb::WriteOptions write;
  write.sync = sync;
  const std::string value(100, 'v');
  for (int i = 0; i < count; ++i) {
    RocksScope scope(node.host());
    const rocksdb::Status status = node.db().Put(write, "key" + std::to_string(i % 20000), value);
    ORRERY_ASSERT_THAT(status.ok(), status.ToString());
  }
  return SecondsSince(begin);
}

int Speed() {
  constexpr int kPuts = 200'000;
  {
    TestNode node({.random = Random(1)});
    ORRERY_ASSERT(node.Open().ok());
    const double seconds = PutMany(node, kPuts, true);
    fmt::print("synced puts of 100 bytes: {:.0f} per second (pumps {})\n", kPuts / seconds, node.fallback_pumps());
  }
  {
    const auto begin = std::chrono::steady_clock::now();
    constexpr int kOpens = 100;
    for (int i = 0; i < kOpens; ++i) {
      TestNode node({.random = Random(static_cast<uint64_t>(i))});
      ORRERY_ASSERT(node.Open().ok());
    }
    fmt::print("open and close of an empty DB, 4 families: {:.3f} ms\n", SecondsSince(begin) * 1000 / kOpens);
  }
  for (const int puts : {200, 2000, 20000}) {
    TestNode node({.random = Random(3)});
    ORRERY_ASSERT(node.Open().ok());
    double total = 0;
    constexpr int kRounds = 20;
    for (int round = 0; round < kRounds; ++round) {
      PutMany(node, puts, true);
      const auto begin = std::chrono::steady_clock::now();
      node.Crash(true);
      ORRERY_ASSERT(node.Open().ok());
      total += SecondsSince(begin);
    }
    fmt::print("crash and reopen after {} puts: {:.2f} ms\n", puts, total * 1000 / kRounds);
  }
  return 0;
}

int Usage() {
  fmt::print(
      stderr,
      "usage: orrery-rocks-measure fingerprint SEED CYCLES | campaign FIRST LAST CYCLES clean|faults|reads | speed\n");
  return 2;
}

int Main(int argc, char** argv) {
  if (const Status hooks = CheckRocksHooks(); !hooks.ok()) {
    fmt::print(stderr, "{}\n", hooks.ToString());
    return 14;
  }
  ForbidThreads();
  const std::string_view command = argc > 1 ? argv[1] : "";
  const auto number = [argv](int i) { return std::strtoull(argv[i], nullptr, 10); };
  if (command == "fingerprint" && argc == 4) return Fingerprint(number(2), static_cast<int>(number(3)));
  if (command == "campaign" && argc == 6) return Campaign(number(2), number(3), static_cast<int>(number(4)), argv[5]);
  if (command == "speed" && argc == 2) return Speed();
  return Usage();
}

}  // namespace
}  // namespace orrery::sim

int main(int argc, char** argv) {
  return orrery::sim::Main(argc, argv);
}
