#include "storage/testing/sim_harness.h"

#include <string>

#include "storage/testing/model_harness.h"

namespace orrery::testing {

EngineOptions SmallEngineOptions(Random random) {
  constexpr uint64_t kKiB = 1024;
  EngineOptions options;
  const auto scale = [&random](const char* name, uint64_t low, uint64_t high) {
    return static_cast<uint64_t>(random.Split(name).Between(static_cast<int64_t>(low), static_cast<int64_t>(high)));
  };
  options.write_buffer_bytes = scale("write_buffer", 16, 128) * kKiB;
  options.write_buffers_max = static_cast<int>(scale("write_buffers", 2, 4));
  options.wal_bytes_max = options.write_buffer_bytes * scale("wal", 1, 8);
  options.block_cache_bytes = scale("cache", 0, 64) * kKiB;
  options.block_bytes = scale("block", 512, 4096);
  options.file_bytes = scale("file", 16, 128) * kKiB;
  options.import_table_bytes = uint64_t{1} << scale("import_table", 0, 17);
  options.level_base_bytes = options.file_bytes * scale("level", 1, 4);
  options.manifest_bytes_max = scale("manifest", 4, 64) * kKiB;
  options.compaction_readahead_bytes = 0;
  options.level0_compaction_files = static_cast<int>(scale("level0", 2, 4));
  options.level0_stop_files = options.level0_compaction_files + static_cast<int>(scale("stop", 2, 6));
  options.compress = scale("compress", 0, 1) == 1;
  options.iterator_rows_max = static_cast<uint32_t>(scale("rows", 1, 64));
  options.iterator_bytes_max = scale("bytes", 1, 4096);
  return options;
}

SimHarness::SimHarness(Random random, std::optional<EngineOptions> options)
    : random_(random),
      options_(options ? *options : SmallEngineOptions(random.Split("options"))),
      disk_(sim::SimDiskOptions{.random = random.Split("disk"), .probes = &probes_}) {}

SimHarness::~SimHarness() = default;

std::unique_ptr<sim::SimRocksHost> SimHarness::NewHost() {
  return std::make_unique<sim::SimRocksHost>(
      sim::SimRocksOptions{.disk = disk_,
                           .random = random_.Split("boot").Split(++boots_),
                           .now = [] { return Instant::FromNanos(1'000'000'000); },
                           .wall_now = [] { return WallTime{1'700'000'000'000'000'000}; }});
}

void SimHarness::Run(const std::function<void(Runtime&, Engine&)>& body) {
  const auto host = NewHost();
  TestWorld world(random_.Split("world").Split(boots_), disk_, *host, probes_);
  world.SetIdleWork([&] { return host->RunOneBackgroundJob(); });
  world.Run([&] {
    Result<std::unique_ptr<Engine>> engine = OpenRocksEngine(world.runtime(), options_);
    ORRERY_ASSERT_THAT(engine.ok(), engine.status().ToString());
    body(world.runtime(), *engine.value());
  });
  exit_reason_ = world.process().first;
}

Status SimHarness::RunAndCrash(const std::function<void(Runtime&, Engine&)>& body, bool power_loss) {
  Status opened;
  {
    const auto host = NewHost();
    TestWorld world(random_.Split("world").Split(boots_), disk_, *host, probes_);
    world.SetIdleWork([&] { return host->RunOneBackgroundJob(); });
    // In the runner's frame: what the fiber's frames refer to dies before it, and it before the host.
    std::unique_ptr<Engine> engine;
    world.Run(
        [&] {
          Result<std::unique_ptr<Engine>> result = OpenRocksEngine(world.runtime(), options_);
          opened = result.status();
          if (!result.ok()) return;
          engine = std::move(result).value();
          body(world.runtime(), *engine);
        },
        [&] { return disk_.frozen() || world.process().exited > 0; });
    disk_.Freeze();
    world.Kill();
    exit_reason_ = world.process().first;
    engine.reset();
  }
  power_loss ? disk_.LosePower() : disk_.KillProcess();
  disk_.Boot();
  return opened;
}

std::vector<NamedHarness> Harnesses() {
  return {{"model", [] { return std::make_unique<ModelHarness>(); }},
          {"rocksdb, simulated disk, seed 1", [] { return std::make_unique<SimHarness>(Random(1)); }},
          {"rocksdb, simulated disk, seed 2", [] { return std::make_unique<SimHarness>(Random(2)); }}};
}

}  // namespace orrery::testing
