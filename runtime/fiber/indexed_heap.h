#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace orrery {

/// An element of an IndexedHeap: a key, and the order of insertion among equal keys.
struct HeapNode {
  static constexpr size_t kAbsent = SIZE_MAX;

  uint64_t key = 0;
  uint64_t sequence = 0;
  size_t index = kAbsent;

  bool queued() const { return index != kAbsent; }
};

/// A 4-ary min-heap of nodes owned elsewhere: (key, sequence) decides, never an address. Nodes know their
/// place, so that any of them can leave in O(log n).
class IndexedHeap {
 public:
  bool empty() const { return nodes_.empty(); }
  size_t size() const { return nodes_.size(); }
  /// Requires: !empty().
  HeapNode* Top() const { return nodes_.front().node; }

  /// Requires: !node->queued(); `sequence` is unique in this heap.
  void Push(HeapNode* node, uint64_t key, uint64_t sequence);
  /// Requires: node->queued().
  void Remove(HeapNode* node);
  /// Requires: !empty().
  HeapNode* Pop();

 private:
  /// The key is repeated beside the pointer: comparing does not touch the nodes.
  struct Slot {
    uint64_t key;
    uint64_t sequence;
    HeapNode* node;
    bool Before(const Slot& other) const { return key != other.key ? key < other.key : sequence < other.sequence; }
  };

  void Place(size_t index, const Slot& slot);
  void SiftUp(size_t index, Slot slot);
  void SiftDown(size_t index, Slot slot);

  std::vector<Slot> nodes_;
};

}  // namespace orrery
