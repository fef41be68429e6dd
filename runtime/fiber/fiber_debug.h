#pragma once

namespace orrery {

class Scheduler;

/// The list of all schedulers of the process, for debuggers (fibers_gdb.py walks it); no code reads it.
namespace fiber_debug {
void Register(Scheduler* scheduler);
void Unregister(Scheduler* scheduler);
}  // namespace fiber_debug

}  // namespace orrery
