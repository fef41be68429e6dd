#include "bench/rocks_load.h"

#include <rocksdb/db.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/kv_load.h"
#include "runtime/base/random.h"

namespace orrery::bench {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Result<LoadResult> LoadRocks(const std::string& directory, const LoadOptions& options) {
  rocksdb::Options rocks_options;
  rocks_options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(rocks_options, directory, &opened);
  if (!status.ok()) return Status(StatusCode::kIoError, directory + ": " + status.ToString());
  const std::unique_ptr<rocksdb::DB> db(opened);

  LoadResult result{.seconds = options.seconds};
  std::mutex result_mutex;
  const auto measured_from =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.warmup_seconds));
  const auto end =
      measured_from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
  const auto run_client = [&](uint32_t index) {
    Random random = Random(7).Split(index);
    const std::string value(options.value_bytes, 'v');
    rocksdb::WriteOptions write_options;
    write_options.sync = true;
    LoadResult own;
    for (auto begin = Clock::now(); begin < end; begin = Clock::now()) {
      const rocksdb::Status put = db->Put(write_options, cli::BenchKey(random.Below(options.keys)), value);
      if (!put.ok()) {
        if (own.errors++ == 0) own.first_error = put.ToString();
      } else if (begin >= measured_from) {
        own.latencies.Add(Clock::now() - begin);
      }
    }
    const std::lock_guard lock(result_mutex);
    result.errors += own.errors;
    if (result.first_error.empty()) result.first_error = own.first_error;
    result.latencies.Append(own.latencies);
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options.clients; ++i) threads.emplace_back(run_client, i);
  for (std::thread& thread : threads) thread.join();
  return result;
}

}  // namespace orrery::bench
