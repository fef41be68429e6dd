#include "workloads/check/isolation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/base/assert.h"
#include "workloads/check/cycle_search.h"
#include "workloads/check/dependency_graph.h"
#include "workloads/check/inference.h"
#include "workloads/check/order_edges.h"
#include "workloads/check/txn_index.h"

namespace orrery::check {

std::string_view IsolationLevelName(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::kReadCommitted: return "read-committed";
    case IsolationLevel::kSnapshotIsolation: return "snapshot-isolation";
    case IsolationLevel::kStrongSessionSnapshotIsolation: return "strong-session-snapshot-isolation";
    case IsolationLevel::kStrongSnapshotIsolation: return "strong-snapshot-isolation";
    case IsolationLevel::kSerializable: return "serializable";
    case IsolationLevel::kStrongSessionSerializable: return "strong-session-serializable";
    case IsolationLevel::kStrictSerializable: return "strict-serializable";
  }
  ORRERY_UNREACHABLE("isolation level");
}

namespace {

uint8_t OrderMask(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::kStrongSessionSnapshotIsolation:
    case IsolationLevel::kStrongSessionSerializable: return EdgeBit(Dependency::kSession);
    case IsolationLevel::kStrongSnapshotIsolation:
    case IsolationLevel::kStrictSerializable: return EdgeBit(Dependency::kRealTime);
    case IsolationLevel::kReadCommitted:
    case IsolationLevel::kSnapshotIsolation:
    case IsolationLevel::kSerializable: return 0;
  }
  ORRERY_UNREACHABLE("isolation level");
}

bool IsSnapshotLevel(IsolationLevel level) {
  return level == IsolationLevel::kSnapshotIsolation || level == IsolationLevel::kStrongSessionSnapshotIsolation ||
         level == IsolationLevel::kStrongSnapshotIsolation;
}

Anomaly DescribeCycle(const History& history, const Inference& inference, const Cycle& cycle) {
  Anomaly anomaly;
  anomaly.name = CycleName(cycle);
  for (const CycleEdge& edge : cycle) {
    CycleStep step{edge.source, edge.target, edge.dependency, {}};
    const std::string source = TxnIndex::Name(edge.source);
    const std::string target = TxnIndex::Name(edge.target);
    switch (edge.dependency) {
      case Dependency::kSession: step.because = source + " and then " + target + " ran in one process"; break;
      case Dependency::kRealTime: step.because = source + " returned before " + target + " was invoked"; break;
      default: step.because = inference.Because(edge.source, edge.target, edge.dependency);
    }
    anomaly.words += "  " + source + " before " + target + " (" + std::string(DependencyName(edge.dependency)) +
                     "): " + step.because + "\n";
    anomaly.ops.push_back(edge.source);
    anomaly.cycle.push_back(std::move(step));
  }
  for (const CycleEdge& edge : cycle) {
    anomaly.words += "  " + TxnIndex::Name(edge.source) + " = " + history.Describe(edge.source) + "\n";
  }
  return anomaly;
}

/// The gravest first: what cannot be explained at all, then dirty data, then cycles from tight to loose.
int Gravity(const Anomaly& anomaly) {
  static constexpr std::array<std::string_view, 17> kOrder = {"garbage-read",
                                                              "duplicate-elements",
                                                              "incompatible-order",
                                                              "cyclic-versions",
                                                              "internal",
                                                              "G1a",
                                                              "dirty-update",
                                                              "G1b",
                                                              "G0",
                                                              "G1c",
                                                              "non-repeatable-read",
                                                              "lost-update",
                                                              "G-single",
                                                              "long-fork",
                                                              "G-nonadjacent",
                                                              "G2",
                                                              ""};
  std::string_view name = anomaly.name;
  const auto exact = std::find(kOrder.begin(), kOrder.end(), name);
  if (exact != kOrder.end()) return static_cast<int>(exact - kOrder.begin());
  const bool real_time = name.ends_with("-real-time");
  name = name.substr(0, name.find(real_time ? "-real-time" : "-session"));
  return 100 + static_cast<int>(std::find(kOrder.begin(), kOrder.end(), name) - kOrder.begin());
}

class IsolationChecker {
 public:
  IsolationChecker(const History& history, TxnModel model, const IsolationOptions& options)
      : history_(history),
        options_(options),
        index_(history),
        inference_(model == TxnModel::kListAppend ? InferFromLists(index_, options)
                                                  : InferFromRegisters(index_, options)),
        anomalies_(history) {}

  Result<CheckReport> Run() {
    EdgeList edges(static_cast<uint32_t>(history_.size()));
    edges.Reserve(3 * history_.size());
    ORRERY_RETURN_IF_ERROR(inference_->Infer(edges, anomalies_));
    const uint8_t order = OrderMask(options_.level);
    if (order == EdgeBit(Dependency::kSession)) AddSessionEdges(index_, edges);
    if (order == EdgeBit(Dependency::kRealTime)) AddRealTimeEdges(index_, edges);
    FindForbiddenCycles(Graph(edges), order, edges.MemoryBytes());
    report_.anomalies = anomalies_.Take();
    std::stable_sort(report_.anomalies.begin(), report_.anomalies.end(),
                     [](const Anomaly& a, const Anomaly& b) { return Gravity(a) < Gravity(b); });
    if (!report_.anomalies.empty()) report_.verdict = Verdict::kBroken;
    return std::move(report_);
  }

 private:
  void FindForbiddenCycles(const Graph& graph, uint8_t order, size_t edge_list_bytes) {
    report_.stats.operations = history_.size();
    report_.stats.partitions = 1;
    report_.stats.steps = graph.edge_count();
    // The search for components holds four words a node besides.
    report_.stats.memory_bytes = index_.MemoryBytes() + inference_->MemoryBytes() + edge_list_bytes +
                                 graph.MemoryBytes() + size_t{20} * graph.node_count();
    const CycleRequest request{.txn_count = static_cast<uint32_t>(history_.size()),
                               .order_mask = order,
                               .anti_dependencies = options_.level != IsolationLevel::kReadCommitted,
                               .adjacent_allowed = IsSnapshotLevel(options_.level),
                               .edges_max = options_.witness_edges_max};
    const CycleAnswer answer = FindCycles(graph, request);
    for (const Cycle& cycle : answer.cycles) {
      Anomaly anomaly = DescribeCycle(history_, *inference_, cycle);
      anomaly.minimal = answer.minimal;
      if (IsLongFork(cycle)) {
        Anomaly fork = anomaly;
        fork.name = "long-fork";
        anomalies_.AddWhole(std::move(fork));
      }
      anomalies_.AddWhole(std::move(anomaly));
    }
    ORRERY_ASSERT(!answer.broken || !answer.cycles.empty());
  }

  const History& history_;
  const IsolationOptions& options_;
  TxnIndex index_;
  std::unique_ptr<Inference> inference_;
  AnomalyList anomalies_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> CheckIsolation(const History& history, TxnModel model, const IsolationOptions& options) {
  return IsolationChecker(history, model, options).Run();
}

}  // namespace orrery::check
