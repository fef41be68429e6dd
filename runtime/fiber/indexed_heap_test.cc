#include "runtime/fiber/indexed_heap.h"

#include <doctest/doctest.h>

#include <map>
#include <utility>
#include <vector>

#include "runtime/base/random.h"
#include "runtime/fiber/intrusive_list.h"

namespace orrery {
namespace {

TEST_CASE("IndexedHeap: pops what an ordered map would, also after removals from the middle") {
  Random random(42);
  std::vector<HeapNode> nodes(500);
  IndexedHeap heap;
  std::map<std::pair<uint64_t, uint64_t>, HeapNode*> model;
  uint64_t sequence = 0;
  for (int step = 0; step < 20000; ++step) {
    HeapNode* node = &nodes[random.Below(nodes.size())];
    if (!node->queued()) {
      const uint64_t key = random.Below(50);
      heap.Push(node, key, ++sequence);
      model[{key, sequence}] = node;
    } else if (random.Chance(0.5)) {
      heap.Remove(node);
      std::erase_if(model, [&](const auto& entry) { return entry.second == node; });
    } else {
      REQUIRE(heap.Top() == model.begin()->second);
      REQUIRE(heap.TopKey() == model.begin()->first.first);
      REQUIRE(heap.Pop() == model.begin()->second);
      model.erase(model.begin());
    }
    REQUIRE(heap.size() == model.size());
  }
}

struct Element {
  int value;
  ListHook hook;
};
using List = IntrusiveList<Element, &Element::hook>;

TEST_CASE("IntrusiveList: keeps order, and elements leave by themselves when they die") {
  List list;
  Element a{1, {}};
  {
    Element b{2, {}};
    list.PushBack(&b);
    list.PushBack(&a);
    CHECK(list.front()->value == 2);
    CHECK(list.back()->value == 1);
    CHECK(list.Next(&b) == &a);
    CHECK(list.Next(&a) == nullptr);
  }
  CHECK(list.front() == &a);
  a.hook.Unlink();
  CHECK(list.empty());
  CHECK(list.PopFront() == nullptr);
}

TEST_CASE("IntrusiveList: a dying list leaves its elements unlinked") {
  Element a{1, {}};
  {
    List list;
    list.PushBack(&a);
    CHECK(a.hook.linked());
  }
  CHECK_FALSE(a.hook.linked());
}

}  // namespace
}  // namespace orrery
