#pragma once

#include <functional>

#include "faults/capsule/fault_entry.h"
#include "faults/client_host.h"

namespace orrery::faults {

/// What the stranger of a fault of kind `stranger` does: asks the store who it is, as anybody may, and sends it
/// garbage of the kind `fault.how` (faults/garbage.h) for as long as `fault.lasts`, or until `stopped()`. Draws from
/// `fault.amount` only. Suspends.
void Babble(ClientHost& host, const FaultEntry& fault, const std::function<bool()>& stopped);

}  // namespace orrery::faults
