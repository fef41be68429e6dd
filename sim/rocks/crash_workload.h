#pragma once

#include <rocksdb/write_batch.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/rocks/test_node.h"

namespace orrery::sim {

struct CrashWorkloadOptions {
  uint64_t seed = 1;
  int cycles = 50;
  int steps_per_cycle = 150;          ///< At most; a cycle may end early in a crash inside an operation.
  double process_kill = 0.3;          ///< Of the crashes; the rest are power losses.
  double frozen_mid_operation = 0.4;  ///< Of the crashes.
  bool faults = false;                ///< Sync, write, space and folder-sync errors.
  bool read_faults = false;           ///< Read errors as well.
  bool manifest_holes = false;
  double sync = 0.5;         ///< Of the writes.
  bool sync_by_wal = false;  ///< Sync by Write and SyncWAL instead of WriteOptions.sync.
  std::function<void(rocksdb::Options&)> adjust;
  /// Inside a RocksScope: with every batch before it is written; around SyncWAL; after an open.
  std::function<void(TestNode&, rocksdb::WriteBatch&)> on_batch;
  std::function<void(TestNode&)> before_sync;
  std::function<void(TestNode&)> on_synced;
  std::function<void(TestNode&)> after_open;
  /// Before every open, on the disk alone: where a log check can be tried.
  std::function<Status(TestNode&)> before_open;
};

/// What happened, and what was wrong.
struct CrashWorkloadResult {
  std::vector<std::string> violations;
  uint64_t cycles = 0;
  uint64_t writes = 0;
  uint64_t synced_writes = 0;
  uint64_t lost_unsynced = 0;     ///< Writes legally gone after a power loss.
  uint64_t refused_opens = 0;     ///< RocksDB would not open, after an injected fault.
  uint64_t refused_by_check = 0;  ///< before_open would not.
  uint64_t crashes_in_open = 0;
  uint64_t fallback_pumps = 0;
  uint64_t fingerprint = 0;
  DiskFaultCounts faults{};
};

/// Law: after every crash the content of all families is that of a prefix of the batches, no shorter than
/// what was acknowledged as synced (power loss) or acknowledged at all (process kill); and a reopen is
/// refused only when an injected fault damaged the disk.
class CrashWorkload {
 public:
  explicit CrashWorkload(CrashWorkloadOptions options);
  CrashWorkloadResult Run();

 private:
  using Family = std::map<std::string, std::string>;
  using Content = std::array<Family, TestNode::kFamilies>;
  struct Edit {
    enum class Kind : uint8_t { kPut, kDelete, kDeleteRange } kind;
    int family;
    std::string key;
    std::string value;  ///< For a range: its end.
  };
  using Batch = std::vector<Edit>;

  bool OpenUntilUp(int cycle);
  void LoseDisk();
  void ArmFaults(Random random);
  void RunSteps(Random random, int cycle);
  bool WriteOne(Random random);
  bool CheckRead(Random random);
  Batch MakeBatch(Random random);
  void Verify(const char* when);
  Content ReadAll();
  static void Apply(const Batch& batch, Content& content);
  void Violation(const std::string& what);

  const CrashWorkloadOptions options_;
  const Random random_;
  TestNode node_;
  CrashWorkloadResult result_;
  Content base_;  ///< Content after `base_number_` batches.
  uint64_t base_number_ = 0;
  std::vector<Batch> since_;   ///< Batches issued since.
  uint64_t acknowledged_ = 0;  ///< Numbers of the last batch that was acknowledged,
  uint64_t synced_ = 0;        ///< and of the last that was acknowledged as synced or covered by one.
  bool last_was_power_loss_ = false;
};

}  // namespace orrery::sim
