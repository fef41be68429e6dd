#pragma once

namespace orrery::faults {

// What may end a shrink before its fixpoint.

/// Seconds on a clock that only goes forward.
double MonotonicSeconds();
/// CPU time of all children that have ended.
double ChildrenCpuSeconds();

}  // namespace orrery::faults
