#include "workloads/check/order_edges.h"

#include <algorithm>

#include "workloads/check/flat_index.h"

namespace orrery::check {

namespace {
constexpr uint32_t kNoNode = 0xffffffffu;
}

void AddSessionEdges(const TxnIndex& index, EdgeList& edges) {
  FlatIndex processes;
  std::vector<uint32_t> nodes;  // per process: behind all that returned so far
  for (OpIndex txn = 0; txn < index.txn_count(); ++txn) {
    if (!index.committed(txn)) continue;
    const Operation& operation = index.history().operation(txn);
    const uint32_t process = processes.FindOrAdd(operation.process);
    nodes.resize(processes.size(), kNoNode);
    uint32_t& node = nodes[process];
    if (node != kNoNode && !operation.stale_read) edges.Add(node, txn, Dependency::kSession);
    if (operation.ret == kOpen) continue;
    const uint32_t fresh = edges.AddNode();
    if (node != kNoNode) edges.Add(node, fresh, Dependency::kSession);
    edges.Add(txn, fresh, Dependency::kSession);
    node = fresh;
  }
}

namespace {

/// Committed transactions by return; those that never returned come last.
std::vector<OpIndex> ByReturn(const TxnIndex& index) {
  std::vector<OpIndex> txns;
  for (OpIndex txn = 0; txn < index.txn_count(); ++txn) {
    if (index.committed(txn)) txns.push_back(txn);
  }
  const auto ret = [&](OpIndex txn) { return index.history().operation(txn).ret; };
  std::stable_sort(txns.begin(), txns.end(), [&](OpIndex a, OpIndex b) { return ret(a) < ret(b); });
  return txns;
}

}  // namespace

void AddRealTimeEdges(const TxnIndex& index, EdgeList& edges) {
  const std::vector<OpIndex> by_return = ByReturn(index);
  size_t next = 0;
  uint32_t node = kNoNode;
  bool node_used = false;  // somebody hangs on it: later returns need a node of their own
  for (OpIndex txn = 0; txn < index.txn_count(); ++txn) {
    if (!index.committed(txn)) continue;
    const Operation& operation = index.history().operation(txn);
    // Ends at this transaction itself, if not before: it returned after its invocation, or never.
    for (; index.history().operation(by_return[next]).ret < operation.invoke; ++next) {
      if (node == kNoNode || node_used) {
        const uint32_t fresh = edges.AddNode();
        if (node != kNoNode) edges.Add(node, fresh, Dependency::kRealTime);
        node = fresh;
        node_used = false;
      }
      edges.Add(by_return[next], node, Dependency::kRealTime);
    }
    if (node == kNoNode || operation.stale_read) continue;
    edges.Add(node, txn, Dependency::kRealTime);
    node_used = true;
  }
}

}  // namespace orrery::check
