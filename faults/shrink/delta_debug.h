#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace orrery::faults {

/// Positions that are kept, ascending.
using Kept = std::vector<size_t>;

/// Candidates in the order in which they are wanted; made only when somebody looks at them, so that a list may be long.
struct KeptList {
  size_t count = 0;
  std::function<Kept(size_t)> at;
};

/// The first of the list that still fails, in the list's order however long each takes to judge; nullopt: none does,
/// or no more are judged.
using FirstFailing = std::function<std::optional<size_t>(const KeptList&)>;

/// Which of `units` units must be kept for the failure to stay: the minimising delta debugging of A. Zeller and
/// R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), with three changes: nothing at all is
/// tried first; single parts are tried only while there are few of them (beyond kPartsAlone they hardly ever fail and
/// cost as much as the complements, which alone make the result minimal); and after a part was left out its neighbours
/// come next, not the first part again.
///
/// The result fails; unless judging ended early or `parts_max` is less than its units it is 1-minimal: leaving out any
/// single unit of it does not fail. What is kept together is a contiguous part of the units: order them so that
/// neighbours belong together. The units are never cut into more than `parts_max` parts. Requires: parts_max >= 2.
Kept DeltaDebug(size_t units, const FirstFailing& first, size_t parts_max = SIZE_MAX);

constexpr size_t kPartsAlone = 4;

}  // namespace orrery::faults
