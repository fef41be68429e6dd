#pragma once

namespace orrery::raft {

/// Visits every state of a small Raft group within bounds, then grows the bounds until the budget of time and memory is
/// spent; prints states, depth and, if a law breaks, a shortest trace. `argv[0]` is ignored; bad usage prints the
/// flags. Exit codes: 0 no violation, 10 violation, 1 bad usage.
int RunExploreCommand(int argc, char** argv);

}  // namespace orrery::raft
