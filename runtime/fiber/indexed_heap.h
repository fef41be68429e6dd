#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace orrery {

class Fiber;
class Timer;

/// An element of an IndexedHeap: a key, and the order of insertion among equal keys.
struct HeapNode {
  static constexpr size_t kAbsent = SIZE_MAX;

  size_t index = kAbsent;
  Fiber* fiber = nullptr;  ///< Whom it stands for: a fiber
  Timer* timer = nullptr;  ///< or a timer.

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
  uint64_t TopKey() const { return nodes_.front().key; }

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
