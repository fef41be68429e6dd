#pragma once

#include <functional>
#include <string_view>

#include "sim/exit_codes.h"

namespace orrery::sim {

/// For main(): from now on a failed assertion, abort() or a deadly signal ends the process with a report on standard
/// error and kNodeCrashed (12) if node code was running, else kHarness (14). The report names the node, boot,
/// virtual time, scenario, seed, shows the backtrace and ends with the line that repeats the run
/// (WorldOptions::repro). Traces and event files are flushed first. `last_words` is called before the end with the name
/// of the signal ("Segmentation fault"), for output of one's own (JSON), and returns the code to end with; it may be
/// empty. In sanitizer builds signals stay theirs; abort() is ours.
using LastWords = std::function<ExitCode(ExitCode, std::string_view signal_name)>;
void InstallCrashReports(LastWords last_words = nullptr);

}  // namespace orrery::sim
