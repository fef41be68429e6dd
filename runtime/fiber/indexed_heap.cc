#include "runtime/fiber/indexed_heap.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace orrery {
namespace {

constexpr size_t kArity = 4;

}  // namespace

void IndexedHeap::Place(size_t index, const Slot& slot) {
  nodes_[index] = slot;
  slot.node->index = index;
}

void IndexedHeap::SiftUp(size_t index, Slot slot) {
  while (index > 0) {
    const size_t parent = (index - 1) / kArity;
    if (!slot.Before(nodes_[parent])) break;
    Place(index, nodes_[parent]);
    index = parent;
  }
  Place(index, slot);
}

void IndexedHeap::SiftDown(size_t index, Slot slot) {
  for (;;) {
    const size_t first = index * kArity + 1;
    if (first >= nodes_.size()) break;
    const size_t end = std::min(first + kArity, nodes_.size());
    size_t least = first;
    for (size_t child = first + 1; child < end; ++child) {
      if (nodes_[child].Before(nodes_[least])) least = child;
    }
    if (!nodes_[least].Before(slot)) break;
    Place(index, nodes_[least]);
    index = least;
  }
  Place(index, slot);
}

void IndexedHeap::Push(HeapNode* node, uint64_t key, uint64_t sequence) {
  ORRERY_ASSERT(!node->queued());
  const Slot slot{key, sequence, node};
  nodes_.push_back(slot);
  SiftUp(nodes_.size() - 1, slot);
}

void IndexedHeap::Remove(HeapNode* node) {
  ORRERY_ASSERT(node->queued());
  const size_t hole = node->index;
  ORRERY_ASSERT(nodes_[hole].node == node);
  node->index = HeapNode::kAbsent;
  const Slot last = nodes_.back();
  nodes_.pop_back();
  if (last.node == node) return;
  if (hole > 0 && last.Before(nodes_[(hole - 1) / kArity])) {
    SiftUp(hole, last);
  } else {
    SiftDown(hole, last);
  }
}

HeapNode* IndexedHeap::Pop() {
  HeapNode* top = Top();
  Remove(top);
  return top;
}

}  // namespace orrery
