#pragma once

#include <string>
#include <string_view>

namespace orrery::faults {

struct SimulationReport;

/// What kind of failure a run is, equal for runs that fail for the same reason: exit code, law or other outcome, and a
/// class within it (where a lack of progress stands still, reason of an unexplained exit, site of an assertion).
/// No ids, times, keys or numbers of lines. One line without blanks at its ends:
///
///     ok
///     safety/lost-write
///     safety/replica-divergence/fewer-pairs
///     liveness/no-progress/member-behind
///     node_crashed/unexplained-exit/CORRUPTION: region #: the log ends at #
///     node_crashed/raft/core/raft.cc: term_ >= hard.term
///     node_crashed/Segmentation fault
std::string Signature(const SimulationReport& report);

/// The site of a failed assertion: file from the root of the sources, and the condition; no line, no detail.
std::string AssertionSite(std::string_view file, std::string_view condition);

/// The form of a message, equal for messages of one origin: words with digits in them become "#". At most 100 bytes.
std::string MessageForm(std::string_view message);

}  // namespace orrery::faults
