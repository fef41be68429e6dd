#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "sim/disk/sim_disk.h"
#include "sim/rocks/sim_rocks_host.h"
#include "storage/rocks_engine.h"
#include "storage/testing/harness.h"
#include "storage/testing/test_world.h"

namespace orrery::testing {

/// Options small enough that flushes, compactions, stalls and cold reads happen within a few hundred rows.
EngineOptions SmallEngineOptions(Random random);

/// The RocksDB engine on the simulated disk, through crashes.
class SimHarness final : public EngineHarness {
 public:
  explicit SimHarness(Random random, std::optional<EngineOptions> options = std::nullopt);
  ~SimHarness() override;

  std::string name() const override { return "rocksdb, simulated disk"; }
  /// Requires: the open succeeds.
  void Run(const std::function<void(Runtime&, Engine&)>& body) override;
  /// The same where anything may fail. The disk may freeze in the middle (SimDisk::FreezeAtMutation): then, or when the
  /// node has exited, everything is unwound and the disk's fate is `power_loss` or a killed process. Returns what
  /// the open said.
  Status RunAndCrash(const std::function<void(Runtime&, Engine&)>& body, bool power_loss);

  sim::SimDisk& disk() { return disk_; }
  TestProbes& probes() { return probes_; }
  /// Of the last boot.
  Status exit_reason() const { return exit_reason_; }

 private:
  std::unique_ptr<sim::SimRocksHost> NewHost();

  Random random_;
  EngineOptions options_;
  sim::SimDisk disk_;
  TestProbes probes_;
  uint64_t boots_ = 0;
  Status exit_reason_;
};

}  // namespace orrery::testing
