#pragma once

#include <memory>
#include <string>

#include "runtime/base/status.h"
#include "workloads/check/dependency_graph.h"
#include "workloads/check/isolation.h"
#include "workloads/check/txn_index.h"

namespace orrery::check {

/// Finds out from reads which versions of each key there were, in which order, who wrote them: the ww, wr and
/// rw edges, and the anomalies that need no cycle. Lives as long as its TxnIndex.
class Inference {
 public:
  virtual ~Inference() = default;
  /// Called once. May promote transactions of unknown outcome. kInvalidArgument: a senseless history.
  virtual Status Infer(EdgeList& edges, AnomalyList& anomalies) = 0;
  /// Why `source` must come before `target`: one clause. Requires: Infer added that edge.
  virtual std::string Because(OpIndex source, OpIndex target, Dependency dependency) const = 0;
  virtual size_t MemoryBytes() const = 0;
};

std::unique_ptr<Inference> InferFromLists(TxnIndex& index, const IsolationOptions& options);
std::unique_ptr<Inference> InferFromRegisters(TxnIndex& index, const IsolationOptions& options);

/// Adds rw edges from every reader to every next writer, through a helper node when that takes fewer edges.
/// A transaction that is both gets no edge to itself. Both lists are without duplicates.
void AddReadersToWriters(const std::vector<OpIndex>& readers, const std::vector<OpIndex>& writers, EdgeList& edges);

/// kInvalidArgument naming the transaction and its line.
Status BadTxn(const History& history, OpIndex txn, const std::string& what);

}  // namespace orrery::check
