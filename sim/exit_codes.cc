#include "sim/exit_codes.h"

namespace orrery::sim {

std::string_view ExitCodeName(ExitCode code) {
  switch (code) {
    case ExitCode::kOk: return "ok";
    case ExitCode::kUsage: return "usage";
    case ExitCode::kSafety: return "safety";
    case ExitCode::kLiveness: return "liveness";
    case ExitCode::kNodeCrashed: return "node_crashed";
    case ExitCode::kNondeterminism: return "nondeterminism";
    case ExitCode::kHarness: return "harness";
    case ExitCode::kUndecided: return "undecided";
    case ExitCode::kNotReproduced: return "not_reproduced";
  }
  return "unknown";
}

}  // namespace orrery::sim
