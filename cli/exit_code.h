#pragma once

#include "runtime/base/status.h"

namespace orrery::cli {

/// Exit codes of `orrery`, for scripts. `orrery-sim` has its own (sim/exit_codes.h); where both have a
/// meaning the numbers agree.
enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 1,        ///< Bad command line, configuration or input file.
  kExitAbsent = 2,       ///< The key is absent, or a compare-and-swap did not apply.
  kExitUnavailable = 3,  ///< No answer in time; certainly no effect.
  kExitUnknown = 4,      ///< The outcome of a write is unknown.
  kExitStorage = 5,      ///< Disk or data trouble; the message names the file.
  kExitRefused = 6,      ///< The cluster refused: wrong cluster, version, state.
  kExitLawBroken = 10,
  kExitUndecided = 15,
};

/// The exit code that stands for a status.
int ExitCodeOf(const Status& status);

}  // namespace orrery::cli
