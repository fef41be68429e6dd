// The replacements listed in hooks.h. Linked into simulator executables only.
//
// RocksDB's internal functions are declared by their mangled names: their headers are not installed.
// `this` is the first argument of a member function; a returned class is handled by the compiler as usual.

#include "sim/rocks/hooks.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <rocksdb/status.h>

#include <cerrno>
#include <functional>
#include <string>

#include "sim/rocks/hook_state.h"
#include "sim/rocks/sim_env.h"

using orrery::sim::hook_state;
using orrery::sim::SimEnv;

namespace {

/// libc's own definition. Condition variables have two versions on x86-64; the plain lookup may find the old one.
template <class Function>
Function Original(const char* name) {
  void* found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  ORRERY_ASSERT_THAT(found != nullptr, name);
  return reinterpret_cast<Function>(found);
}

uint64_t MicrosOf(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_nsec) / 1000;
}

int WaitUntil(SimEnv& env, pthread_mutex_t* mutex, const timespec& deadline) {
  ++hook_state().counters.waits;
  pthread_mutex_unlock(mutex);
  const bool ran = env.RunJobOrSleepUntil(MicrosOf(deadline));
  pthread_mutex_lock(mutex);
  return ran ? 0 : ETIMEDOUT;
}

}  // namespace

extern "C" int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  SimEnv* const env = SimEnv::Current();
  if (env == nullptr) {
    static const auto original = Original<int (*)(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait");
    return original(condition, mutex);
  }
  ++hook_state().counters.waits;
  pthread_mutex_unlock(mutex);
  env->RunJobForWait();
  pthread_mutex_lock(mutex);
  return 0;
}

extern "C" int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* deadline) {
  if (SimEnv* const env = SimEnv::Current(); env != nullptr) return WaitUntil(*env, mutex, *deadline);
  static const auto original =
      Original<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  return original(condition, mutex, deadline);
}

extern "C" int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                      const timespec* deadline) {
  if (SimEnv* const env = SimEnv::Current(); env != nullptr) return WaitUntil(*env, mutex, *deadline);
  static const auto original =
      Original<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>("pthread_cond_clockwait");
  return original(condition, mutex, clock, deadline);
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) {
  if (SimEnv::Current() != nullptr || hook_state().threads_forbidden) {
    void* frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
    ORRERY_UNREACHABLE("a thread in the simulator: everything runs on one");
  }
  static const auto original =
      Original<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  return original(thread, attributes, start, argument);
}

extern "C" __attribute__((no_sanitize("address"))) size_t malloc_usable_size(void* block) {
  if (orrery_sim_requested_size != nullptr) {
    if (const size_t requested = orrery_sim_requested_size(block); requested > 0) return requested;
  }
  static const auto original = Original<size_t (*)(void*)>("malloc_usable_size");
  return original(block);
}

namespace orrery::sim::hooks {

rocksdb::Status
RegisterPeriodicTask(void* scheduler, uint8_t type, const std::function<void()>& task, uint64_t period) asm(
    "_ZN7rocksdb21PeriodicTaskScheduler8RegisterENS_"
    "16PeriodicTaskTypeERKSt8functionIFvvEEm");
rocksdb::Status RegisterPeriodicTask(void*, uint8_t, const std::function<void()>&, uint64_t) {
  ++hook_state().counters.timers;
  return rocksdb::Status::OK();
}

std::string GenerateDbSessionId(void* env) asm("_ZN7rocksdb6DBImpl19GenerateDbSessionIdB5cxx11EPNS_3EnvE");
std::string GenerateDbSessionId(void*) {
  SimEnv* const env = SimEnv::Current();
  ORRERY_ASSERT_THAT(env != nullptr, "RocksDB is entered through a RocksScope only");
  ++hook_state().counters.session_ids;
  return env->NextSessionId();
}

void GenerateRawUniqueId(uint64_t* a, uint64_t* b, bool exclude_port) asm("_ZN7rocksdb19GenerateRawUniqueIdEPmS0_b");
void GenerateRawUniqueId(uint64_t* a, uint64_t* b, bool) {
  SimEnv* const env = SimEnv::Current();
  ORRERY_ASSERT_THAT(env != nullptr, "RocksDB is entered through a RocksScope only");
  *a = env->NextUnique();
  *b = env->NextUnique();
}

rocksdb::Status WriteOptionsFile(void* db, bool lock, bool writer) asm("_ZN7rocksdb6DBImpl16WriteOptionsFileEbb");
rocksdb::Status WriteOptionsFile(void*, bool, bool) {
  return rocksdb::Status::OK();
}

}  // namespace orrery::sim::hooks
