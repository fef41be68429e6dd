#pragma once

namespace orrery::faults {

// What may end a shrink before its fixpoint.

/// Seconds on a clock that only goes forward.
double MonotonicSeconds();
/// CPU time of all children that have ended.
double ChildrenCpuSeconds();

/// From now on SIGINT and SIGTERM only say that there is no more time.
void CatchInterrupts();
bool Interrupted();

}  // namespace orrery::faults
