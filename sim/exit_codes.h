#pragma once

#include <string_view>

namespace orrery::sim {

/// What orrery-sim's exit status means. Scripts depend on the numbers: never renumber.
enum class ExitCode : int {
  kOk = 0,               ///< The laws held.
  kUsage = 1,            ///< Bad usage or configuration.
  kSafety = 10,          ///< A safety law was broken.
  kLiveness = 11,        ///< No progress, or the event budget ran out.
  kNodeCrashed = 12,     ///< A node crashed by itself: an assertion, a signal inside a node's context.
  kNondeterminism = 13,  ///< Two runs of one seed differed.
  kHarness = 14,         ///< The harness itself failed.
  kUndecided = 15,       ///< Incomplete or undecided.
  kNotReproduced = 16,   ///< A replay did not show what it promised.
};

/// "ok", "safety", ... as in JSON output.
std::string_view ExitCodeName(ExitCode code);

}  // namespace orrery::sim
