#pragma once

#include "workloads/check/dependency_graph.h"
#include "workloads/check/txn_index.h"

namespace orrery::check {

/// Session edges: from each acknowledged transaction of a process to the next committed one it invoked.
/// Transactions of unknown outcome are targets only; stale reads are sources only.
void AddSessionEdges(const TxnIndex& index, EdgeList& edges);

/// Real-time edges, compacted: runs of returns without an invocation between them share one helper node, each
/// such node leads to the next, and each invocation hangs on the last node before it. So "a returned before b
/// was invoked" is a path a -> node -> ... -> node -> b, with at most three edges per transaction in all.
void AddRealTimeEdges(const TxnIndex& index, EdgeList& edges);

}  // namespace orrery::check
