#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/base/random.h"
#include "runtime/base/time.h"
#include "runtime/log.h"
#include "runtime/rocks_host.h"

namespace orrery::sim {

class SimDisk;
class SimEnv;

struct SimRocksOptions {
  SimDisk& disk;  ///< Outlives the host.
  Random random;  ///< Key of this boot: split by node and boot number. Session ids derive from it, so it never repeats.
  std::function<Instant()> now;  ///< The node's monotonic time.
  std::function<WallTime()> wall_now;
  Log* log = nullptr;  ///< RocksDB's info log (kDebug), if enabled.
};

/// What RocksDB stands on during one boot of a simulated node. Destroy it after every DB on it; the
/// executable links orrery_sim_rocks_hooks, without which RocksDB starts threads (see hooks.h).
///
/// Background work (flush, compaction) is queued here. The world runs it job by job, as events of its
/// own; if a RocksDB call waits for background work before that, the wait runs jobs itself (counted).
/// RocksDB's clock is now() plus the disk's debt, so that its sleeps end without moving global time.
class SimRocksHost final : public RocksHost {
 public:
  explicit SimRocksHost(SimRocksOptions options);
  ~SimRocksHost() override;

  rocksdb::Env* env() override;
  std::shared_ptr<rocksdb::Logger> logger() override;
  /// "/" + the path.
  std::string PathOf(const std::string& disk_path) override;

  uint64_t queued_background_jobs() const;
  /// Runs one queued job, chosen by the seed among the heads of the queues. False if there is none.
  /// Call it on the main stack, outside any RocksScope: it enters by itself.
  bool RunOneBackgroundJob();
  /// How often a RocksDB call had to run a job itself because it waited for it.
  uint64_t fallback_pumps() const;

 private:
  void Enter() override;
  void Leave() override;

  std::unique_ptr<SimEnv> env_;
  std::shared_ptr<rocksdb::Logger> logger_;
  uint32_t skiplist_seed_;  ///< RocksDB's thread-local Random while this node is inside; swapped by Enter and Leave.
  uint32_t outside_seed_ = 0;
};

}  // namespace orrery::sim
