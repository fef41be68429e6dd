#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/status.h"

/// What keeps node code off the operating system, and what makes hidden dependence on memory visible. The object
/// library orrery_sim_interpose defines libc's and libstdc++'s symbols anew for the executable that links it:
///
///   clock_gettime gettimeofday time clock         use Clock
///   nanosleep clock_nanosleep usleep sleep        use Scheduler::SleepUntil
///   getrandom getentropy arc4random* rand random  use Runtime::random
///   std::random_device                            use Runtime::random
///   getenv secure_getenv                          use the node's configuration
///   poll ppoll select epoll_wait socket           use Network, StreamTransport
///   open open64 openat fopen fopen64              use Disk
///
/// While node code runs (sim/inside_node.h) each of them ends the process with the name of the function, a
/// backtrace and the node; outside they do what they always did. operator new and delete are replaced too, and assert()
/// of a library fails like ORRERY_ASSERT. Threads and RocksDB's own symbols are sim/rocks/hooks.h's. In sanitizer
/// builds nothing is replaced.
namespace orrery::sim {

/// Where operator new puts things.
enum class Placement : uint8_t {
  kPlain,       ///< malloc.
  kShuffle,     ///< A random free block of the size class; memory filled with 0xA5.
  kNeverReuse,  ///< Ever higher addresses; memory filled with 0x5C.
};
/// "plain", "shuffle", "never-reuse". kInvalidArgument names the text.
Result<Placement> ParsePlacement(std::string_view name);
/// For blocks from now on; main() calls it first. `salt` shuffles; take any. False if this build replaces nothing.
bool SetPlacement(Placement placement, uint64_t salt);
/// The byte that goes with a placement, for WorldOptions::stack_fill; 0 for plain.
unsigned char FillOf(Placement placement);

/// Makes rdtsc trap (SIGSEGV) in this process. False if the kernel or the processor cannot.
bool TrapTimestampCounter();

/// Proves that the functions above are ours. kInvalidArgument names one that is not (a static libc, a build without
/// this library). Ok in sanitizer builds, where there is nothing to prove.
Status CheckInterposers();

}  // namespace orrery::sim
