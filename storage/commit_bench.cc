#include <fmt/core.h>
#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "runtime/clock.h"
#include "runtime/fiber/task_group.h"
#include "runtime/real/real_process.h"
#include "runtime/real/test_folder.h"
#include "storage/committer.h"
#include "storage/rocks_engine.h"

// orrery_commit_bench [seconds]: synced writes per second (16-byte keys, 256-byte values) of the committer with N
// fibers, beside RocksDB's own group commit with N threads, on one disk.
namespace {

using namespace orrery;

constexpr size_t kValueBytes = 256;

Bytes Key(uint64_t writer, uint64_t number) {
  Bytes key;
  Encoder(key).BigEndian64(writer).BigEndian64(number);
  return key;
}

Status RunOurs(Runtime& runtime, int writers, Duration span) {
  ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenRocksEngine(runtime, EngineOptions()));
  Committer committer(runtime, *engine, CommitterOptions());
  const Instant begin = runtime.clock.FreshNow();
  uint64_t done = 0;
  TaskGroup group(runtime.domain, "writers", static_cast<size_t>(writers));
  for (int writer = 0; writer < writers; ++writer) {
    group.Spawn({"writer", static_cast<uint64_t>(writer)}, [&, writer] {
      const Bytes value(kValueBytes, 'v');
      for (uint64_t i = 0; runtime.clock.FreshNow() < begin + span; ++i) {
        WriteBatch batch;
        batch.Put(ColumnFamily::kRaft, Key(static_cast<uint64_t>(writer), i), value);
        if (!committer.Commit(batch, Durability::kSync).ok()) return;
        ++done;
      }
    });
  }
  group.JoinAll();
  const double seconds_passed = static_cast<double>((runtime.clock.FreshNow() - begin).count()) / 1e9;
  const CommitterStats& stats = committer.stats();
  fmt::print("committer  {:5} fibers   {:9.0f} synced writes/s  {:7.0f} fsyncs/s  {:6.1f} writes/fsync\n", writers,
             static_cast<double>(done) / seconds_passed, static_cast<double>(stats.syncs) / seconds_passed,
             static_cast<double>(done) / static_cast<double>(stats.syncs));
  return committer.failure();
}

Status BenchOurs(int writers, Duration span) {
  const TestFolder folder;
  RealOptions options;
  options.cluster = ClusterId(1);
  options.node = NodeId(1);
  options.data_directory = folder.path();
  options.log.level = LogLevel::kError;
  ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<RealProcess> process, RealProcess::Create(options));
  return process->RunFiber([&](Runtime& runtime) { return RunOurs(runtime, writers, span); });
}

/// Buffered writes from one fiber: what the loop pays for applying.
Status BenchBuffered(Duration span) {
  const TestFolder folder;
  RealOptions options;
  options.cluster = ClusterId(1);
  options.node = NodeId(1);
  options.data_directory = folder.path();
  options.log.level = LogLevel::kError;
  ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<RealProcess> process, RealProcess::Create(options));
  return process->RunFiber([&](Runtime& runtime) -> Status {
    ORRERY_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, OpenRocksEngine(runtime, EngineOptions()));
    Committer committer(runtime, *engine, CommitterOptions());
    const Bytes value(kValueBytes, 'v');
    const Instant begin = runtime.clock.FreshNow();
    uint64_t number = 0;
    for (; runtime.clock.FreshNow() < begin + span; ++number) {
      WriteBatch batch;
      batch.Put(ColumnFamily::kData, Key(1, number), value);
      ORRERY_RETURN_IF_ERROR(committer.Commit(batch, Durability::kBuffered));
    }
    const Instant read_begin = runtime.clock.FreshNow();
    uint64_t reads = 0;
    for (; runtime.clock.FreshNow() < read_begin + span / 2; ++reads) {
      ORRERY_RETURN_IF_ERROR(engine->Get(ColumnFamily::kData, Key(1, number - 1 - reads % 10000)).status());
    }
    const double read_seconds = static_cast<double>((runtime.clock.FreshNow() - read_begin).count()) / 1e9;
    fmt::print("buffered   {:5.2f} us per applied batch, {:5.2f} us per warm get\n",
               static_cast<double>((read_begin - begin).count()) / 1e3 / static_cast<double>(number),
               read_seconds * 1e6 / static_cast<double>(reads));
    return Status::Ok();
  });
}

void BenchRaw(int writers, Duration span) {
  const TestFolder folder;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::Open(options, folder.path() + "/db", &raw).ok()) std::abort();
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::atomic<uint64_t> done{0};
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      const Bytes value(kValueBytes, 'v');
      rocksdb::WriteOptions write;
      write.sync = true;
      for (uint64_t i = 0; std::chrono::steady_clock::now() < begin + span; ++i) {
        if (!db->Put(write, Key(static_cast<uint64_t>(writer), i), value).ok()) std::abort();
        ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  fmt::print("rocksdb    {:5} threads  {:9.0f} synced writes/s\n", writers, static_cast<double>(done) / passed.count());
}

}  // namespace

int main(int argc, char** argv) {
  const Duration span = seconds(argc > 1 ? std::atoi(argv[1]) : 3);
  for (const int writers : {1, 16, 64, 512}) {
    if (const Status status = BenchOurs(writers, span); !status.ok()) {
      fmt::print(stderr, "{}\n", status.ToString());
      return 1;
    }
    BenchRaw(writers, span);
  }
  return BenchBuffered(span).ok() ? 0 : 1;
}
