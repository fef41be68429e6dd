// The log check and the log order against crashes: no damage may be refused that a power loss alone can cause, and
// unsynced writes, too, survive as a prefix only.

#include <doctest/doctest.h>

#include "sim/rocks/crash_workload.h"
#include "storage/wal_check.h"
#include "storage/wal_order_env.h"

namespace orrery::sim {
namespace {

/// A crash workload whose writer marks its batches as storage/ does.
struct MarkedWorkload {
  WalMarker marker;
  WalMarker::Position position;
  uint64_t torn = 0;
  std::unique_ptr<rocksdb::Env> env;

  CrashWorkloadOptions Options(uint64_t seed, bool sync_by_wal, bool faults) {
    CrashWorkloadOptions options = {.seed = seed, .cycles = 40, .faults = faults, .sync = 0.3};
    options.sync_by_wal = sync_by_wal;
    options.before_open = [this](TestNode& node) {
      WalCheckReport report;
      const Status status = CheckWalFolder(node.disk(), "db", &report);
      torn += report.damaged_places > 0 ? 1 : 0;
      return status;
    };
    options.after_open = [this](TestNode& node) { REQUIRE(marker.Start(node.db()).ok()); };
    options.on_batch = [this](TestNode&, rocksdb::WriteBatch& batch) { REQUIRE(batch.PutLogData(marker.Next()).ok()); };
    options.adjust = [this](rocksdb::Options& o) {
      env = NewWalOrderEnv(o.env);
      o.env = env.get();
    };
    options.before_sync = [this](TestNode& node) { position = marker.Here(node.db()).value_or({}); };
    options.on_synced = [this](TestNode&) { marker.Synced(position); };
    return options;
  }
};

std::string Join(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

void RunMany(uint64_t first_seed, bool sync_by_wal, bool faults) {
  uint64_t torn = 0;
  uint64_t lost = 0;
  for (uint64_t seed = first_seed; seed < first_seed + 10; ++seed) {
    MarkedWorkload marked;
    const CrashWorkloadResult result = CrashWorkload(marked.Options(seed, sync_by_wal, faults)).Run();
    CHECK_MESSAGE(result.violations.empty(), Join(result.violations));
    if (!faults) CHECK(result.refused_by_check + result.refused_opens == 0);
    torn += marked.torn;
    lost += result.lost_unsynced;
  }
  CHECK(torn > 10);
  CHECK(lost > 100);
}

TEST_CASE("Log check: power losses alone are never refused, and leave a prefix (sync with the write)") {
  RunMany(1, false, false);
}

TEST_CASE("Log check: power losses alone are never refused, and leave a prefix (SyncWAL)") {
  RunMany(2000, true, false);
}

TEST_CASE("Log check: with injected faults what opens is a prefix with all that was synced") {
  RunMany(1000, false, true);
  RunMany(3000, true, true);
}

}  // namespace
}  // namespace orrery::sim
