#pragma once

#include <cstdint>

#include "runtime/base/status.h"
#include "workloads/check/history.h"
#include "workloads/check/report.h"

namespace orrery::check {

// Small laws of the same shape as the big checkers: a history in, a report out. Operations of unknown outcome
// may or may not have happened, at any instant after their invocation. kInvalidArgument: the history makes no
// sense to the law.

/// Append-only set: add, r [values]. Every value whose add returned, or which a read listed that returned, before
/// a read was invoked is in that read; nothing is read that nobody could have added; nothing is listed twice. A
/// read need not take effect at one instant (a walk page by page will do); a declared stale one may lack
/// anything. Anomalies: lost-element, garbage-read, duplicate-elements.
Result<CheckReport> CheckSetLaw(const History& history);

/// Counter: inc and r. Every read, and every value that an increment says it reached, lies between the sum that
/// must and the sum that may have been applied. A counter that only goes up besides reaches each value once and never
/// goes back in real time. Anomalies: counter-out-of-bounds, double-claim, went-back.
Result<CheckReport> CheckCounterLaw(const History& history);

/// Bank: an operation that reads several accounts sees `total` in sum over them, and no account below
/// `lowest`. Operations that read fewer than `accounts` accounts are ignored, and so are reads of what the operation
/// itself had written; if no operation is left, the law is undecided. All accounts exist before the history begins.
/// Anomalies: wrong-total, overdraft.
struct BankLaw {
  int64_t total = 0;
  uint32_t accounts = 0;
  int64_t lowest = 0;
};
Result<CheckReport> CheckBankLaw(const History& history, const BankLaw& law);

/// Cycle of N: an operation that reads `nodes` keys sees each point to the next so that all form one ring
/// (the value of a node is the key of its successor). Undecided if no operation reads so many. Anomaly: broken-ring.
struct CycleLaw {
  uint32_t nodes = 0;
};
Result<CheckReport> CheckCycleLaw(const History& history, const CycleLaw& law);

/// Unique: no two acknowledged takes of a key return the same value. kInvalidArgument: a take that returned nil.
/// Anomaly: duplicate-take.
Result<CheckReport> CheckUniqueLaw(const History& history);

/// Monotonic: takes or reads of a key never go back: an operation invoked after another returned sees no
/// smaller value (takes: strictly greater). Anomaly: went-back.
Result<CheckReport> CheckMonotonicLaw(const History& history);

}  // namespace orrery::check
