#include "workloads/check/order_edges.h"

#include <algorithm>
#include <numeric>

#include "workloads/check/flat_index.h"

namespace orrery::check {

void AddSessionEdges(const TxnIndex& index, EdgeList& edges) {
  FlatIndex processes;
  // Per process: what the next transaction must come after. Each non-stale one stands for all before it.
  std::vector<std::vector<OpIndex>> sources;
  for (OpIndex txn = 0; txn < index.txn_count(); ++txn) {
    if (!index.committed(txn)) continue;
    const Operation& operation = index.history().operation(txn);
    const uint32_t process = processes.FindOrAdd(operation.process);
    if (process == sources.size()) sources.emplace_back();
    if (!operation.stale_read) {
      for (OpIndex source : sources[process]) edges.Add(source, txn, Dependency::kSession);
    }
    if (operation.ret == kOpen) continue;
    if (!operation.stale_read) sources[process].clear();
    sources[process].push_back(txn);
  }
}

namespace {

/// Acknowledged transactions by return.
std::vector<OpIndex> ByReturn(const TxnIndex& index) {
  std::vector<OpIndex> txns;
  Instant latest = 0;
  for (OpIndex txn = 0; txn < index.txn_count(); ++txn) {
    const Operation& operation = index.history().operation(txn);
    if (!index.committed(txn) || operation.ret == kOpen) continue;
    txns.push_back(txn);
    latest = std::max(latest, operation.ret);
  }
  const auto ret = [&](OpIndex txn) { return index.history().operation(txn).ret; };
  const size_t dense_max = 4 * index.txn_count() + 64;
  const bool dense = latest >= 0 && static_cast<uint64_t>(latest) < dense_max &&
                     std::all_of(txns.begin(), txns.end(), [&](OpIndex txn) { return ret(txn) >= 0; });
  if (!dense) {
    std::stable_sort(txns.begin(), txns.end(), [&](OpIndex a, OpIndex b) { return ret(a) < ret(b); });
    return txns;
  }
  std::vector<uint32_t> begin(static_cast<size_t>(latest) + 2, 0);
  for (OpIndex txn : txns) ++begin[static_cast<size_t>(ret(txn)) + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<OpIndex> sorted(txns.size());
  for (OpIndex txn : txns) sorted[begin[static_cast<size_t>(ret(txn))]++] = txn;
  return sorted;
}

}  // namespace

void AddRealTimeEdges(const TxnIndex& index, EdgeList& edges) {
  const std::vector<OpIndex> by_return = ByReturn(index);
  size_t next = 0;
  uint32_t node = 0;
  bool have_node = false;
  bool node_used = false;  // somebody hangs on it: later returns need a node of their own
  for (OpIndex txn = 0; txn < index.txn_count(); ++txn) {
    if (!index.committed(txn)) continue;
    const Operation& operation = index.history().operation(txn);
    for (; next < by_return.size() && index.history().operation(by_return[next]).ret < operation.invoke; ++next) {
      if (!have_node || node_used) {
        const uint32_t fresh = edges.AddNode();
        if (have_node) edges.Add(node, fresh, Dependency::kRealTime);
        node = fresh;
        have_node = true;
        node_used = false;
      }
      edges.Add(by_return[next], node, Dependency::kRealTime);
    }
    if (!have_node || operation.stale_read) continue;
    edges.Add(node, txn, Dependency::kRealTime);
    node_used = true;
  }
}

}  // namespace orrery::check
