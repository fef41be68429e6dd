#include "sim/rocks/sim_env.h"

#include <execinfo.h>

#include <algorithm>
#include <cstring>

#include "sim/disk/sim_disk.h"
#include "sim/rocks/sim_clock.h"
#include "sim/rocks/sim_file_system.h"

namespace orrery::sim {
namespace {

SimEnv* current_env = nullptr;

[[noreturn]] void AbortWithBacktrace(const char* what) {
  void* frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
  ORRERY_UNREACHABLE(what);
}

}  // namespace

SimEnv::SimEnv(const SimRocksOptions& options) : SimEnv(options, std::make_shared<SimFileSystem>(options.disk)) {}

SimEnv::SimEnv(const SimRocksOptions& options, std::shared_ptr<rocksdb::FileSystem> files)
    : EnvWrapper(rocksdb::NewCompositeEnv(files)), random_(options.random.Split("rocks")) {
  system_clock_ = std::make_shared<SimSystemClock>(options.disk, options.now, options.wall_now);
}

SimEnv::~SimEnv() {
  ORRERY_ASSERT_THAT(current_env != this, "leave the RocksScope before the host goes");
  ORRERY_ASSERT_THAT(queued() == 0, "close every DB before its host goes");
}

SimEnv* SimEnv::Current() {
  return current_env;
}

void SimEnv::MakeCurrent() {
  ORRERY_ASSERT_THAT(current_env == nullptr, "a RocksScope is open already");
  current_env = this;
}

void SimEnv::EndCurrent() {
  ORRERY_ASSERT_THAT(current_env == this, "this RocksScope is not the open one");
  current_env = nullptr;
}

uint64_t SimEnv::queued() const {
  uint64_t total = 0;
  for (const std::deque<Job>& queue : jobs_) total += queue.size();
  return total;
}

bool SimEnv::RunOneJob() {
  const uint64_t heads = static_cast<uint64_t>(std::ranges::count_if(jobs_, [](const auto& q) { return !q.empty(); }));
  if (heads == 0) return false;
  uint64_t choice = random_.Split("job").Split(++jobs_run_).Below(heads);
  for (std::deque<Job>& queue : jobs_) {
    if (queue.empty() || choice-- > 0) continue;
    const Job job = queue.front();
    queue.pop_front();
    job.function(job.argument);
    return true;
  }
  ORRERY_UNREACHABLE("one head was counted");
}

void SimEnv::RunJobForWait() {
  ++fallback_pumps_;
  if (!RunOneJob()) AbortWithBacktrace("RocksDB waits and no background job is queued that could end it");
}

bool SimEnv::RunJobOrSleepUntil(uint64_t micros) {
  ++fallback_pumps_;
  if (RunOneJob()) return true;
  constexpr uint64_t kLongestSleepMicros = 3'600'000'000;
  const uint64_t now = NowMicros();
  if (micros > now)
    system_clock_->SleepForMicroseconds(static_cast<int>(std::min(micros - now, kLongestSleepMicros / 2)));
  return false;
}

uint64_t SimEnv::NextUnique() {
  return random_.Split("unique").Split(++unique_).key();
}

std::string SimEnv::NextSessionId() {
  const uint64_t high = NextUnique();
  const uint64_t low = NextUnique();
  std::string id;
  const auto put = [&id](uint64_t word, int digits) {
    for (int i = 0; i < digits; ++i, word /= 36) id.push_back("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[word % 36]);
  };
  put(high, 8);
  put(low, 12);
  return id;
}

void SimEnv::Schedule(void (*function)(void*), void* argument, Priority priority, void* tag,
                      void (*unschedule)(void*)) {
  jobs_[priority].push_back({function, argument, tag, unschedule});
}

int SimEnv::UnSchedule(void* tag, Priority priority) {
  std::deque<Job>& queue = jobs_[priority];
  std::vector<Job> dropped;
  std::erase_if(queue, [&](const Job& job) {
    if (job.tag != tag) return false;
    dropped.push_back(job);
    return true;
  });
  for (const Job& job : dropped) {
    if (job.unschedule != nullptr) job.unschedule(job.argument);
  }
  return static_cast<int>(dropped.size());
}

void SimEnv::StartThread(void (*)(void*), void*) {
  AbortWithBacktrace("RocksDB wants a thread of its own");
}

unsigned int SimEnv::GetThreadPoolQueueLen(Priority priority) const {
  return static_cast<unsigned int>(jobs_[priority].size());
}

uint64_t SimEnv::NowMicros() {
  return system_clock_->NowMicros();
}

uint64_t SimEnv::NowNanos() {
  return system_clock_->NowNanos();
}

void SimEnv::SleepForMicroseconds(int micros) {
  system_clock_->SleepForMicroseconds(micros);
}

rocksdb::Status SimEnv::GetCurrentTime(int64_t* unix_time) {
  return system_clock_->GetCurrentTime(unix_time);
}

std::string SimEnv::TimeToString(uint64_t time) {
  return system_clock_->TimeToString(time);
}

rocksdb::Status SimEnv::GetHostName(char* name, uint64_t size) {
  std::strncpy(name, "sim", size);
  return rocksdb::Status::OK();
}

std::string SimEnv::GenerateUniqueId() {
  return NextSessionId();
}

}  // namespace orrery::sim
