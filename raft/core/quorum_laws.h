#pragma once

#include "raft/core/conf_state.h"
#include "runtime/base/function_ref.h"

/// How oracles count: by the definition and apart from quorum.h, so that a mistake there does not hide itself.
namespace orrery::raft {

/// Whether `holds` is true of a majority of the voters of each half of `conf`. False without voters.
bool HeldByMajorities(const ConfState& conf, FunctionRef<bool(PeerId)> holds);

/// True only if whoever may decide under `a` and whoever may decide under `b` always have a member in common: some
/// half of `a` and some half of `b` are so alike that any two majorities of them meet (thesis 4.1). Sufficient, and
/// true of every pair of neighbours that joint consensus or the change of a single voter makes.
bool DecisionsOverlap(const ConfState& a, const ConfState& b);

}  // namespace orrery::raft
