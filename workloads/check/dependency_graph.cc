#include "workloads/check/dependency_graph.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace orrery::check {

Graph::Graph(const EdgeList& list) : Graph(list.node_count(), list.edges()) {}

Graph::Graph(uint32_t node_count, std::span<const EdgeList::Edge> edges) {
  ORRERY_ASSERT(node_count < 0x1fffffffu);
  begin_.assign(node_count + 1, 0);
  for (const auto& edge : edges) ++begin_[edge.from() + 1];
  for (size_t i = 1; i < begin_.size(); ++i) begin_[i] += begin_[i - 1];
  targets_.resize(edges.size());
  kinds_.resize(edges.size());
  std::vector<uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (const auto& edge : edges) {
    const uint32_t at = next[edge.from()]++;
    targets_[at] = edge.to;
    kinds_[at] = edge.kind();
  }
}

namespace {

constexpr uint32_t kUnvisited = 0xffffffffu;

/// Tarjan's algorithm with an explicit stack of (node, next edge).
class Tarjan {
 public:
  Tarjan(const Graph& graph, uint8_t mask)
      : graph_(graph), mask_(mask), low_(graph.node_count(), kUnvisited), component_(graph.node_count(), kUnvisited) {}

  std::vector<uint32_t> Run(uint32_t& count) {
    for (uint32_t node = 0; node < graph_.node_count(); ++node) {
      if (low_[node] == kUnvisited) Visit(node);
    }
    count = components_;
    return std::move(component_);
  }

 private:
  struct Call {
    uint32_t node;
    uint32_t edge;
    uint32_t number;
  };

  void Enter(uint32_t node) {
    low_[node] = numbered_;
    calls_.push_back({node, graph_.begin(node), numbered_});
    ++numbered_;
    stack_.push_back(node);
  }

  void Visit(uint32_t root) {
    Enter(root);
    while (!calls_.empty()) {
      Call& call = calls_.back();
      if (call.edge == graph_.end(call.node)) {
        Leave();
        continue;
      }
      const uint32_t edge = call.edge++;
      if ((mask_ >> graph_.kind(edge) & 1) == 0) continue;
      const uint32_t target = graph_.target(edge);
      if (low_[target] == kUnvisited) {
        Enter(target);
      } else if (component_[target] == kUnvisited) {
        low_[call.node] = std::min(low_[call.node], low_[target]);
      }
    }
  }

  void Leave() {
    const Call call = calls_.back();
    calls_.pop_back();
    if (low_[call.node] == call.number) {
      uint32_t node;
      do {
        node = stack_.back();
        stack_.pop_back();
        component_[node] = components_;
      } while (node != call.node);
      ++components_;
    }
    if (!calls_.empty()) {  // of a component that is complete, low is its own number: greater than its caller's
      low_[calls_.back().node] = std::min(low_[calls_.back().node], low_[call.node]);
    }
  }

  const Graph& graph_;
  uint8_t mask_;
  std::vector<uint32_t> low_;
  std::vector<uint32_t> component_;
  std::vector<uint32_t> stack_;
  std::vector<Call> calls_;
  uint32_t numbered_ = 0;
  uint32_t components_ = 0;
};

}  // namespace

std::vector<uint32_t> Components(const Graph& graph, uint8_t mask, uint32_t& count) {
  return Tarjan(graph, mask).Run(count);
}

std::vector<std::vector<uint32_t>> CyclicComponents(std::span<const uint32_t> component, uint32_t count) {
  std::vector<uint32_t> size(count, 0);
  for (uint32_t c : component) ++size[c];
  std::vector<uint32_t> slot(count, kUnvisited);
  std::vector<std::vector<uint32_t>> out;
  for (uint32_t node = 0; node < component.size(); ++node) {
    const uint32_t c = component[node];
    if (size[c] < 2) continue;
    if (slot[c] == kUnvisited) {
      slot[c] = static_cast<uint32_t>(out.size());
      out.emplace_back();
    }
    out[slot[c]].push_back(node);
  }
  return out;
}

}  // namespace orrery::check
