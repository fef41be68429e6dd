#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/check/report.h"

namespace orrery::check {

/// Kinds of edges: the dependencies, and the second half of an rw edge that goes through a helper node.
inline constexpr uint8_t kRestOfReadWrite = 5;
inline constexpr int kEdgeKindCount = 6;
constexpr uint8_t EdgeBit(Dependency dependency) {
  return static_cast<uint8_t>(1u << static_cast<int>(dependency));
}
inline constexpr uint8_t kRestBit = 1u << kRestOfReadWrite;

/// Edges as they are found. Nodes 0..txns-1 are transactions; helper nodes follow: instants of real time, and
/// places where many readers meet many next writers. An edge is packed into two words.
class EdgeList {
 public:
  explicit EdgeList(uint32_t txn_count) : node_count_(txn_count) {}
  uint32_t AddNode() { return node_count_++; }
  void Add(uint32_t from, uint32_t to, Dependency dependency) { AddRaw(from, to, static_cast<uint8_t>(dependency)); }
  void AddRest(uint32_t from, uint32_t to) { AddRaw(from, to, kRestOfReadWrite); }
  void Reserve(size_t edges) { edges_.reserve(edges); }

  uint32_t node_count() const { return node_count_; }
  size_t size() const { return edges_.size(); }
  struct Edge {
    uint32_t from_and_kind;
    uint32_t to;
    uint32_t from() const { return from_and_kind & 0x1fffffffu; }
    uint8_t kind() const { return static_cast<uint8_t>(from_and_kind >> 29); }
  };
  const std::vector<Edge>& edges() const { return edges_; }
  size_t MemoryBytes() const { return edges_.capacity() * sizeof(Edge); }

 private:
  void AddRaw(uint32_t from, uint32_t to, uint8_t kind) {
    if (from != to) edges_.push_back({from | uint32_t{kind} << 29, to});
  }
  uint32_t node_count_;
  std::vector<Edge> edges_;
};

/// A graph as compressed sparse rows. Immutable.
class Graph {
 public:
  explicit Graph(const EdgeList& list);
  Graph(uint32_t node_count, std::span<const EdgeList::Edge> edges);

  uint32_t node_count() const { return static_cast<uint32_t>(begin_.size() - 1); }
  size_t edge_count() const { return targets_.size(); }
  uint32_t begin(uint32_t node) const { return begin_[node]; }
  uint32_t end(uint32_t node) const { return begin_[node + 1]; }
  uint32_t target(uint32_t edge) const { return targets_[edge]; }
  uint8_t kind(uint32_t edge) const { return kinds_[edge]; }
  size_t MemoryBytes() const { return begin_.capacity() * 4 + targets_.capacity() * 4 + kinds_.capacity(); }

 private:
  std::vector<uint32_t> begin_;
  std::vector<uint32_t> targets_;
  std::vector<uint8_t> kinds_;
};

/// Strongly connected components over the edges whose kind is in `mask` (Tarjan 1972, without recursion).
/// Returns the component number of each node; numbers are dense. `count` receives how many there are.
std::vector<uint32_t> Components(const Graph& graph, uint8_t mask, uint32_t& count);

/// The nodes of each component of two or more nodes.
std::vector<std::vector<uint32_t>> CyclicComponents(std::span<const uint32_t> component, uint32_t count);

}  // namespace orrery::check
