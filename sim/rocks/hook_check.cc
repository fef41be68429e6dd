#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <rocksdb/db.h>

#include <memory>

#include "sim/disk/sim_disk.h"
#include "sim/rocks/hook_state.h"
#include "sim/rocks/required_options.h"
#include "sim/rocks/sim_env.h"

namespace orrery::sim {
namespace {

int ThreadsOfThisProcess() {
  DIR* const tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return -1;
  int count = 0;
  while (const dirent* entry = readdir(tasks)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(tasks);
  return count;
}

Status Missing(std::string_view hook) {
  return Status(
      StatusCode::kInvalidArgument,
      "the hook of " + std::string(hook) +
          " is not in force: link orrery_sim_rocks_hooks, and RocksDB as a shared library without -Bsymbolic");
}

/// One write and one flush that waits: opens, waits, schedules, closes.
Status UseScratchDb(SimRocksHost& host, std::string* session_id) {
  RocksScope scope(host);
  rocksdb::Options options;
  SetRequiredOptions(options, host);
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, host.PathOf("scratch"), &raw);
  const std::unique_ptr<rocksdb::DB> db(raw);
  if (status.ok()) status = db->Put(rocksdb::WriteOptions(), "key", "value");
  if (status.ok()) status = db->Flush(rocksdb::FlushOptions());
  if (status.ok()) status = db->GetDbSessionId(*session_id);
  if (!status.ok()) return Status(StatusCode::kInvalidArgument, "the scratch DB fails: " + status.ToString());
  return Status::Ok();
}

}  // namespace

HookState& hook_state() {
  static HookState state;
  return state;
}

HookCounters hook_counters() {
  return hook_state().counters;
}

void ForbidThreads() {
  hook_state().threads_forbidden = true;
}

Status CheckRocksHooks() {
  // The address that shared libraries call. Without the hooks it is libc's, and the scratch DB would start threads.
  Dl_info info = {};
  void* const create = dlsym(RTLD_DEFAULT, "pthread_create");
  void* const wait = dlsym(RTLD_DEFAULT, "pthread_cond_wait");
  Dl_info self = {};
  dladdr(reinterpret_cast<void*>(&ThreadsOfThisProcess), &self);
  if (create == nullptr || dladdr(create, &info) == 0 || info.dli_fbase != self.dli_fbase) {
    return Missing("pthread_create");
  }
  if (wait == nullptr || dladdr(wait, &info) == 0 || info.dli_fbase != self.dli_fbase) {
    return Missing("pthread_cond_wait");
  }
  const HookCounters before = hook_counters();
  const int threads_before = ThreadsOfThisProcess();
  SimDisk disk({.random = Random(1)});
  SimRocksHost host({.disk = disk,
                     .random = Random(2),
                     .now = [] { return Instant::FromNanos(1'000'000'000); },
                     .wall_now = [] { return WallTime{1'000'000'000}; }});
  std::string session_id;
  ORRERY_RETURN_IF_ERROR(UseScratchDb(host, &session_id));
  const HookCounters after = hook_counters();
  if (after.session_ids == before.session_ids) return Missing("DBImpl::GenerateDbSessionId");
  if (after.timers == before.timers) return Missing("PeriodicTaskScheduler::Register");
  if (after.waits == before.waits) return Missing("pthread_cond_wait");
  if (session_id.size() != 20) return Missing("DBImpl::GenerateDbSessionId");
  ORRERY_ASSIGN_OR_RETURN(const std::vector<std::string> files, disk.List("scratch"));
  for (const std::string& name : files) {
    if (name.starts_with("OPTIONS")) return Missing("DBImpl::WriteOptionsFile");
  }
  if (ThreadsOfThisProcess() != threads_before) {
    return Status(StatusCode::kInvalidArgument, "RocksDB started a thread that no hook saw");
  }
  return Status::Ok();
}

}  // namespace orrery::sim
