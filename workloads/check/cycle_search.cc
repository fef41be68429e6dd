#include "workloads/check/cycle_search.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "runtime/base/assert.h"

namespace orrery::check {

namespace {

constexpr uint8_t kWw = EdgeBit(Dependency::kWriteWrite);
constexpr uint8_t kWr = EdgeBit(Dependency::kWriteRead);
constexpr uint8_t kRw = EdgeBit(Dependency::kReadWrite);
constexpr uint8_t kAll = (1u << kEdgeKindCount) - 1;
constexpr uint32_t kNone = 0xffffffffu;

/// What kind of cycle to look for: it starts with an edge of `first` and goes on over edges of `mask`.
struct Pattern {
  int number;
  uint8_t first;
  uint8_t mask;
  bool alternate = false;  // no two adjacent rw edges
  bool certain = true;     // components tell for certain whether there is one
};
constexpr Pattern kWritesOnly{.number = 0, .first = kWw, .mask = kWw};
constexpr Pattern kDependencies{.number = 1, .first = kWr, .mask = kWw | kWr};
constexpr Pattern kOneRw{.number = 2, .first = kRw, .mask = kWw | kWr, .certain = false};
constexpr Pattern kNoAdjacentRw{.number = 3, .first = kRw, .mask = kWw | kWr | kRw, .alternate = true};
constexpr Pattern kAnyRw{.number = 4, .first = kRw, .mask = kWw | kWr | kRw};

/// Components within which the walks of a pattern stay: a walk that starts with an edge from u to v can come back to u
/// only if of[scale * u] == of[scale * v + arrival].
struct Regions {
  std::vector<uint32_t> of;
  uint32_t scale = 1;
  uint32_t arrival = 0;
};

/// One strongly connected component as a graph of its own.
class Component {
 public:
  Component(const Graph& whole, const std::vector<uint32_t>& nodes, std::vector<uint32_t>& number, uint32_t txn_count)
      : nodes_(nodes), graph_(Cut(whole, nodes, number)), txn_count_(txn_count) {}

  const Graph& graph() const { return graph_; }
  bool is_txn(uint32_t node) const { return nodes_[node] < txn_count_; }
  uint32_t whole_node(uint32_t node) const { return nodes_[node]; }

 private:
  static Graph Cut(const Graph& whole, const std::vector<uint32_t>& nodes, std::vector<uint32_t>& number) {
    for (uint32_t i = 0; i < nodes.size(); ++i) number[nodes[i]] = i;
    std::vector<EdgeList::Edge> edges;
    for (uint32_t i = 0; i < nodes.size(); ++i) {
      for (uint32_t e = whole.begin(nodes[i]); e < whole.end(nodes[i]); ++e) {
        const uint32_t target = number[whole.target(e)];
        if (target != kNone) edges.push_back({i | uint32_t{whole.kind(e)} << 29, target});
      }
    }
    for (uint32_t node : nodes) number[node] = kNone;
    return Graph(static_cast<uint32_t>(nodes.size()), edges);
  }

  const std::vector<uint32_t>& nodes_;
  Graph graph_;
  uint32_t txn_count_;
};

/// Each node twice: reached by a non-rw edge (2n), reached by an rw edge (2n + 1), from where no rw edge
/// leaves. Its cycles are the closed walks without two adjacent rw edges.
Graph AlternatingGraph(const Graph& graph) {
  std::vector<EdgeList::Edge> edges;
  for (uint32_t node = 0; node < graph.node_count(); ++node) {
    for (uint32_t e = graph.begin(node); e < graph.end(node); ++e) {
      const uint32_t target = 2 * graph.target(e);
      const uint32_t kind = uint32_t{graph.kind(e)} << 29;
      if (graph.kind(e) == kRestOfReadWrite) {
        edges.push_back({(2 * node + 1) | kind, target + 1});
      } else if (graph.kind(e) == static_cast<uint8_t>(Dependency::kReadWrite)) {
        edges.push_back({2 * node | kind, target + 1});
      } else {
        edges.push_back({2 * node | kind, target});
        edges.push_back({(2 * node + 1) | kind, target});
      }
    }
  }
  return Graph(2 * graph.node_count(), edges);
}

/// Breadth-first search in one component for the smallest closed walk of a pattern. Steps to helper nodes are
/// free, so that the length counts transactions.
class WalkSearch {
 public:
  explicit WalkSearch(const Component& component) : component_(component), graph_(component.graph()) {
    distance_.assign(2 * graph_.node_count(), 0);
    stamp_.assign(2 * graph_.node_count(), 0);
    parent_.assign(2 * graph_.node_count(), {});
  }

  /// A walk of length <= limit that starts with `first_edge` out of `start`, if there is one and `budget` lasts: each
  /// edge that is looked at takes one from it.
  std::optional<Cycle> Find(uint32_t start, uint32_t first_edge, const Pattern& pattern, uint32_t limit,
                            uint64_t& budget);
  /// The budget ended the last Find().
  bool cut() const { return cut_; }

 private:
  struct Parent {
    uint32_t state = kNone;
    uint32_t edge = kNone;
  };
  uint32_t NextState(uint32_t state, uint32_t edge, const Pattern& pattern) const;
  Cycle Unwind(uint32_t start, uint32_t goal, uint32_t first_edge) const;
  /// What a state adds to the length.
  uint32_t Weight(uint32_t state) const { return static_cast<uint32_t>(component_.is_txn(state / 2)); }

  const Component& component_;
  const Graph& graph_;
  bool cut_ = false;
  std::vector<uint32_t> distance_;
  std::vector<uint32_t> stamp_;
  std::vector<Parent> parent_;
  uint32_t search_ = 0;
};

// States are 2 * node, or 2 * node + 1 if reached by an rw edge and that matters.
uint32_t WalkSearch::NextState(uint32_t state, uint32_t edge, const Pattern& pattern) const {
  const uint8_t kind = graph_.kind(edge);
  const uint32_t target = 2 * graph_.target(edge);
  if (kind == kRestOfReadWrite) return target + uint32_t{pattern.alternate};
  if ((pattern.mask >> kind & 1) == 0) return kNone;
  if (!pattern.alternate) return target;
  if ((1u << kind) != kRw) return target;
  return (state & 1) != 0 ? kNone : target + 1;
}

std::optional<Cycle> WalkSearch::Find(uint32_t start, uint32_t first_edge, const Pattern& pattern, uint32_t limit,
                                      uint64_t& budget) {
  ++search_;
  cut_ = false;
  const uint32_t goal = 2 * start;
  const uint32_t from = 2 * graph_.target(first_edge) + uint32_t{pattern.alternate};  // these start with an rw edge
  std::deque<uint32_t> queue{from};
  stamp_[from] = search_;
  distance_[from] = Weight(from);
  parent_[from] = {};
  while (!queue.empty()) {
    const uint32_t state = queue.front();
    queue.pop_front();
    if (state == goal) return Unwind(start, goal, first_edge);
    for (uint32_t e = graph_.begin(state / 2); e < graph_.end(state / 2); ++e) {
      cut_ = budget == 0;
      if (cut_) return std::nullopt;
      --budget;
      const uint32_t next = NextState(state, e, pattern);
      if (next == kNone) continue;
      const uint32_t distance = distance_[state] + Weight(next);
      // States leave the queue by distance, and what a step costs depends on where it leads: the first way is a
      // shortest.
      if (distance > limit || stamp_[next] == search_) continue;
      stamp_[next] = search_;
      distance_[next] = distance;
      parent_[next] = {state, e};
      if (distance == distance_[state]) {
        queue.push_front(next);
      } else {
        queue.push_back(next);
      }
    }
  }
  return std::nullopt;
}

Cycle WalkSearch::Unwind(uint32_t start, uint32_t goal, uint32_t first_edge) const {
  std::vector<uint32_t> edges;
  for (uint32_t state = goal; parent_[state].state != kNone; state = parent_[state].state) {
    edges.push_back(parent_[state].edge);
  }
  edges.push_back(first_edge);
  std::reverse(edges.begin(), edges.end());
  Cycle cycle;
  uint32_t source = start;
  uint8_t kind = kRestOfReadWrite;
  for (uint32_t edge : edges) {
    if (kind == kRestOfReadWrite) kind = graph_.kind(edge);  // a path through helpers counts as its first edge
    const uint32_t target = graph_.target(edge);
    if (!component_.is_txn(target)) continue;
    cycle.push_back({component_.whole_node(source), component_.whole_node(target), static_cast<Dependency>(kind)});
    source = target;
    kind = kRestOfReadWrite;
  }
  return cycle;
}

bool IsSimple(const Cycle& cycle) {
  std::set<OpIndex> seen;
  for (const CycleEdge& edge : cycle) {
    if (!seen.insert(edge.source).second) return false;
  }
  return true;
}

class Finder {
 public:
  Finder(const Graph& graph, const CycleRequest& request)
      : graph_(graph), request_(request), budget_(request.edges_max), number_(graph.node_count(), kNone) {}

  CycleAnswer Run() {
    uint32_t count = 0;
    const auto component = Components(graph_, kAll, count);
    auto cyclic = CyclicComponents(component, count);
    std::stable_sort(cyclic.begin(), cyclic.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    for (const auto& nodes : cyclic) Judge(nodes);
    for (auto& [name, cycle] : best_) answer_.cycles.push_back(std::move(cycle));
    return std::move(answer_);
  }

 private:
  void Judge(const std::vector<uint32_t>& nodes) {
    const Component component(graph_, nodes, number_, request_.txn_count);
    Regions alternating{.scale = 2, .arrival = 1};
    uint32_t count = 0;
    alternating.of = Components(AlternatingGraph(component.graph()), kAll, count);
    // Plain dependencies first, so that a cycle is not blamed on session or real time without need.
    for (const uint8_t order : std::set<uint8_t>{0, request_.order_mask}) LookForAll(component, alternating, order);
  }

  void LookForAll(const Component& component, const Regions& alternating, uint8_t order) {
    LookUnlessKnown(component, kWritesOnly, order, nullptr);
    LookUnlessKnown(component, kDependencies, order, nullptr);
    if (!request_.anti_dependencies) return;
    LookUnlessKnown(component, kOneRw, order, &alternating);
    LookUnlessKnown(component, kNoAdjacentRw, order, &alternating);
    if (!request_.adjacent_allowed) LookUnlessKnown(component, kAnyRw, order, nullptr);
  }

  /// `regions`: null if they are the components over the edges of the pattern.
  void LookUnlessKnown(const Component& component, Pattern pattern, uint8_t order, const Regions* regions) {
    if (order != 0 && Shortest(pattern, 0) != kNone) return;
    pattern.mask |= order;
    if (regions != nullptr) return Look(component, pattern, order, *regions);
    uint32_t count = 0;
    const auto mask = static_cast<uint8_t>(pattern.first | pattern.mask | kRestBit);
    Look(component, pattern, order, {.of = Components(component.graph(), mask, count)});
  }

  /// Tries every edge that may start a walk of the pattern.
  void Look(const Component& component, const Pattern& pattern, uint8_t order, const Regions& regions) {
    const Graph& graph = component.graph();
    WalkSearch search(component);
    for (uint32_t node = 0; node < graph.node_count(); ++node) {
      for (uint32_t e = graph.begin(node); e < graph.end(node); ++e) {
        if ((pattern.first >> graph.kind(e) & 1) == 0) continue;
        const uint32_t target = regions.scale * graph.target(e) + regions.arrival;
        if (regions.of[regions.scale * node] != regions.of[target]) continue;
        Try(search, node, e, pattern, Shortest(pattern, order));
      }
    }
  }

  /// `shortest`: the length of the shortest walk of the pattern so far.
  void Try(WalkSearch& search, uint32_t node, uint32_t edge, const Pattern& pattern, uint32_t& shortest) {
    answer_.broken |= pattern.certain;
    if (shortest <= 2) return;
    std::optional<Cycle> cycle = search.Find(node, edge, pattern, shortest - 1, budget_);
    if (search.cut()) {
      answer_.minimal = false;
      if (!pattern.certain || !best_.empty()) return;
      uint64_t without_end = std::numeric_limits<uint64_t>::max();
      cycle = search.Find(node, edge, pattern, shortest - 1, without_end);
    }
    if (!cycle) return;
    answer_.broken = true;
    shortest = static_cast<uint32_t>(cycle->size());
    Keep(std::move(*cycle));
  }

  void Keep(Cycle cycle) {
    // A shortest walk that meets a transaction twice is a cycle with no rw edge and another one: the former is known.
    if (!IsSimple(cycle)) return;
    const std::string name = CycleName(cycle);
    // The walk of a loose pattern may be of a graver kind, of which a tight one knows a shorter.
    auto [at, fresh] = best_.try_emplace(name, cycle);
    if (cycle.size() < at->second.size()) at->second = std::move(cycle);
  }

  /// Of a pattern over all components, with and without edges of order. kNone: none yet.
  uint32_t& Shortest(const Pattern& pattern, uint8_t order) {
    return shortest_.try_emplace({pattern.number, order}, kNone).first->second;
  }

  const Graph& graph_;
  const CycleRequest& request_;
  uint64_t budget_;
  std::vector<uint32_t> number_;
  std::map<std::pair<int, uint8_t>, uint32_t> shortest_;  // by pattern and order
  std::map<std::string, Cycle> best_;                     // by name
  CycleAnswer answer_;
};

}  // namespace

std::string CycleName(const Cycle& cycle) {
  size_t anti = 0;
  bool read = false;
  bool session = false;
  bool real_time = false;
  bool adjacent = false;
  for (size_t i = 0; i < cycle.size(); ++i) {
    const Dependency d = cycle[i].dependency;
    const bool is_anti = d == Dependency::kReadWrite;
    anti += is_anti ? 1 : 0;
    adjacent = adjacent || (is_anti && cycle[(i + 1) % cycle.size()].dependency == Dependency::kReadWrite);
    read = read || d == Dependency::kWriteRead;
    session = session || d == Dependency::kSession;
    real_time = real_time || d == Dependency::kRealTime;
  }
  std::string name = "G2";
  if (anti == 0) name = read ? "G1c" : "G0";
  if (anti == 1) name = "G-single";
  if (anti > 1 && !adjacent) name = "G-nonadjacent";
  if (session) name += "-session";
  if (real_time) name += "-real-time";
  return name;
}

bool IsLongFork(const Cycle& cycle) {
  if (cycle.size() != 4) return false;
  const size_t first = cycle[0].dependency == Dependency::kReadWrite ? 0 : 1;
  for (size_t i = 0; i < 4; ++i) {
    const Dependency wanted = i % 2 == 0 ? Dependency::kReadWrite : Dependency::kWriteRead;
    if (cycle[(first + i) % 4].dependency != wanted) return false;
  }
  return true;
}

CycleAnswer FindCycles(const Graph& graph, const CycleRequest& request) {
  return Finder(graph, request).Run();
}

}  // namespace orrery::check
