#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "faults/capsule/capsule.h"

namespace orrery::faults {

/// What one run of a capsule left behind.
struct StorySources {
  std::string trace;                             ///< Text, docs/simulation.md.
  std::map<std::string, std::string> histories;  ///< By workload and its place ("register0"): JSON lines.
  std::string signature;
  std::string words;  ///< Of the report: the law's witness.
};

constexpr size_t kStoryLinesMax = 30;

/// At most kStoryLinesMax lines of plain text: what the run was, what happened in order (faults, ends and starts of
/// stores, leaders, operations with their answers, what stores complained of), and why that breaks the law. Where there
/// is too much, the least telling lines go, and the story says how many.
std::string TellStory(const Capsule& capsule, const StorySources& sources);

}  // namespace orrery::faults
