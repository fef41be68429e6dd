#pragma once

#include <rocksdb/env.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "sim/rocks/sim_rocks_host.h"

namespace orrery::sim {

/// RocksDB's environment for one boot: the simulated file system and clock, and its thread pools turned
/// into queues. See SimRocksHost.
class SimEnv final : public rocksdb::EnvWrapper {
 public:
  explicit SimEnv(const SimRocksOptions& options);
  ~SimEnv() override;

  /// The environment of the RocksScope that is open, or null. One per process, because RocksDB's
  /// waits, which the hooks answer, do not say whose they are.
  static SimEnv* Current();
  void MakeCurrent();
  void EndCurrent();

  bool RunOneJob();
  uint64_t queued() const;
  /// A RocksDB call waits: runs a job. Aborts with a backtrace if there is none, since nobody could end the wait.
  void RunJobForWait();
  /// A timed wait: runs a job and returns true, or lets the time pass and returns false.
  bool RunJobOrSleepUntil(uint64_t micros);
  uint64_t fallback_pumps() const { return fallback_pumps_; }

  /// A number that no other call of any boot returns.
  uint64_t NextUnique();
  /// An id of the form RocksDB expects: 20 digits of base 36.
  std::string NextSessionId();

  const char* Name() const override { return "OrrerySimEnv"; }
  void Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                void (*unschedule)(void*)) override;
  int UnSchedule(void* tag, Priority priority) override;
  void StartThread(void (*function)(void*), void* argument) override;
  void WaitForJoin() override {}
  unsigned int GetThreadPoolQueueLen(Priority priority) const override;
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  void SetBackgroundThreads(int, Priority) override {}
  int GetBackgroundThreads(Priority priority) override { return priority == BOTTOM ? 0 : 1; }
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  void LowerThreadPoolIOPriority(Priority) override {}
  void LowerThreadPoolCPUPriority(Priority) override {}
  rocksdb::Status LowerThreadPoolCPUPriority(Priority, rocksdb::CpuPriority) override { return rocksdb::Status::OK(); }
  uint64_t NowMicros() override;
  uint64_t NowNanos() override;
  uint64_t NowCPUNanos() override { return 0; }
  void SleepForMicroseconds(int micros) override;
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override;
  std::string TimeToString(uint64_t time) override;
  rocksdb::Status GetHostName(char* name, uint64_t size) override;
  uint64_t GetThreadID() const override { return 1; }
  rocksdb::ThreadStatusUpdater* GetThreadStatusUpdater() const override { return nullptr; }
  rocksdb::Status GetThreadList(std::vector<rocksdb::ThreadStatus>*) override {
    return rocksdb::Status::NotSupported("one thread");
  }
  std::string GenerateUniqueId() override;

 private:
  struct Job {
    void (*function)(void*);
    void* argument;
    void* tag;
    void (*unschedule)(void*);
  };

  SimEnv(const SimRocksOptions& options, std::shared_ptr<rocksdb::FileSystem> files);

  Random random_;
  std::array<std::deque<Job>, TOTAL> jobs_;
  uint64_t jobs_run_ = 0;
  uint64_t fallback_pumps_ = 0;
  uint64_t unique_ = 0;
};

}  // namespace orrery::sim
