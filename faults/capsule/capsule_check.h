#pragma once

#include <string>
#include <string_view>

#include "faults/capsule/capsule.h"

namespace orrery::faults {

/// "client ordinal start kind key detail", blanks between; idle zeros at the end are left out: "0 17 1.25 put 3".
std::string OperationText(const OperationEntry& entry);
/// kInvalidArgument saying what is wrong.
Result<OperationEntry> ParseOperation(std::string_view text);

/// Whether an operation fits its workload and follows the one before it (null: it is the first).
Status CheckOperation(const OperationEntry& entry, const OperationEntry* before, const CapsuleWorkload& workload);
/// Whether a fault fits its kind, the cluster and its budget.
Status CheckFault(const FaultEntry& fault, const Capsule& capsule);

}  // namespace orrery::faults
