#pragma once

#include <cstddef>
#include <vector>

#include "faults/capsule/capsule.h"

namespace orrery::faults {

/// The capsule with its fault at `position` in the form of a plainer kind, the plainest first: a kill, a loss of power,
/// an isolated store ... , each for every store the fault has to do with. Empty for one that is as plain as can be.
/// Failures of one bug then tend to need the same kinds ("Test normalization": Groce, Holmes and Kellar, One test to
/// rule them all, 2017).
std::vector<Capsule> WithPlainerFault(const Capsule& capsule, size_t position);

/// The same for operations: a put for anything, a get for what is no put. All of them at once, then one by one in the
/// order of the file.
std::vector<Capsule> WithPlainerOperations(const Capsule& capsule);

}  // namespace orrery::faults
