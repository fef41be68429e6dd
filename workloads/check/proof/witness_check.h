#pragma once

#include <string>

#include "workloads/check/isolation.h"

namespace orrery::check {

/// Looks at the cycles of a report again, from the history alone: whether each is closed, whether the history shows
/// every step, whether its name fits and whether the level forbids it. Empty if so, else what is wrong. For registers
/// without linearizable_keys.
std::string WitnessFault(const History& history, TxnModel model, IsolationLevel level, const CheckReport& report);

}  // namespace orrery::check
