#pragma once

#include <cstdint>
#include <optional>

#include "workloads/check/history.h"
#include "workloads/check/isolation.h"

namespace orrery::check {

// Checkers that try everything. They share no code with the real ones and work from other definitions: an
// order of effects, a serial order, a schedule of starts and commits. For a handful of operations only.

/// Tries every order of effects of every subset of the operations with unknown outcome.
/// Registers start as nil, sets and queues empty.
bool BruteForceLinearizable(const History& history);

/// Tries every way the transactions could have run:
/// - serializable levels: every serial order (respecting sessions or real time);
/// - snapshot levels: every interleaving of starts and commits in which no two writers of a key overlap, each
///   transaction reads the snapshot of its start;
/// - read committed: every order of commits, each read showing the state after some earlier commit.
/// Unknown transactions may have run or not. An isolation checker that says "broken" where this says true is
/// wrong; one that says "holds" where this says false missed something (see docs/checkers.md for what the
/// checkers do not promise to find).
bool BruteForceAllowed(const History& history, TxnModel model, IsolationLevel level);

}  // namespace orrery::check
