#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace orrery::check {

/// Disjoint sets of 0.. with path halving.
class UnionFind {
 public:
  explicit UnionFind(uint32_t count = 0) { Grow(count); }
  void Grow(uint32_t count) {
    for (uint32_t i = static_cast<uint32_t>(parent_.size()); i < count; ++i) parent_.push_back(i);
  }
  uint32_t Find(uint32_t x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }
  void Union(uint32_t a, uint32_t b) {
    a = Find(a);
    b = Find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<uint32_t> parent_;
};

}  // namespace orrery::check
