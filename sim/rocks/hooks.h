#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/status.h"

/// Keeps RocksDB on one thread and free of the OS's randomness. The object library
/// orrery_sim_rocks_hooks defines symbols that win over libc's and librocksdb.so's in the executable that
/// links it (directly: target_link_libraries(my-sim orrery_sim_rocks orrery_sim_rocks_hooks)):
///
///   pthread_cond_wait, _timedwait, _clockwait   inside a RocksScope: run one queued background job instead
///                                               of sleeping; none left = deadlock = abort. Outside: libc's.
///   pthread_create                              inside a RocksScope: abort with a backtrace, always. Outside:
///                                               the same once ForbidThreads() was called, else libc's.
///   rocksdb::PeriodicTaskScheduler::Register    does nothing (every DB::Open starts a timer thread for it)
///   rocksdb::DBImpl::GenerateDbSessionId        from the boot's key and a counter
///   rocksdb::GenerateRawUniqueId                likewise
///   rocksdb::DBImpl::WriteOptionsFile           does nothing (90 % of the cost of an open)
///   malloc_usable_size                          orrery_sim_requested_size(p) if the program defines it and it
///                                               answers non-zero, else libc's
///
/// Nobody else may define these symbols in the same program. Production links none of them.
namespace orrery::sim {

struct HookCounters {
  uint64_t waits = 0;        ///< Condition waits answered inside a scope.
  uint64_t session_ids = 0;  ///< Ids made by us.
  uint64_t timers = 0;       ///< Periodic tasks refused.
};
HookCounters hook_counters();

/// From now on pthread_create aborts everywhere in this process. orrery-sim's main() calls it.
void ForbidThreads();

/// Opens a scratch DB on a scratch disk and proves that the hooks are in force: one OS thread, our
/// session id, no timer, waits answered by us. kInvalidArgument names the hook that is not (another RocksDB
/// build, -Bsymbolic, hooks not linked). About 2 ms.
Status CheckRocksHooks();

}  // namespace orrery::sim

/// Exact size asked for by operator new for this block, or 0 if the block is not the allocator's own. Weak:
/// the perturbing allocator defines it, so that RocksDB's arena accounting does not depend on the allocator.
extern "C" size_t orrery_sim_requested_size(const void* block) __attribute__((weak));
