#include "sim/event_queue.h"

#include "runtime/base/assert.h"

namespace orrery::sim {

Event::~Event() {
  ORRERY_ASSERT(!queued());
}

void EventQueue::Place(size_t index, const Slot& slot) {
  slots_[index] = slot;
  slot.event->index_ = index;
}

void EventQueue::SiftUp(size_t index, Slot slot) {
  while (index > 0) {
    const size_t parent = (index - 1) / 4;
    if (!slot.Before(slots_[parent])) break;
    Place(index, slots_[parent]);
    index = parent;
  }
  Place(index, slot);
}

void EventQueue::SiftDown(size_t index, Slot slot) {
  const size_t size = slots_.size();
  for (;;) {
    const size_t first = index * 4 + 1;
    if (first >= size) break;
    size_t least = first;
    const size_t last = first + 4 < size ? first + 4 : size;
    for (size_t child = first + 1; child < last; ++child) {
      if (slots_[child].Before(slots_[least])) least = child;
    }
    if (!slots_[least].Before(slot)) break;
    Place(index, slots_[least]);
    index = least;
  }
  Place(index, slot);
}

void EventQueue::Schedule(Event* event, int64_t time_nanos, uint64_t rank) {
  ORRERY_ASSERT(!event->queued());
  slots_.emplace_back();
  SiftUp(slots_.size() - 1, Slot{time_nanos, rank, ++sequence_, event});
}

void EventQueue::Cancel(Event* event) {
  if (!event->queued()) return;
  const size_t index = event->index_;
  event->index_ = Event::kAbsent;
  const Slot last = slots_.back();
  slots_.pop_back();
  if (index == slots_.size()) return;
  if (index > 0 && last.Before(slots_[(index - 1) / 4])) {
    SiftUp(index, last);
  } else {
    SiftDown(index, last);
  }
}

Event* EventQueue::Pop() {
  Event* event = slots_.front().event;
  Cancel(event);
  return event;
}

}  // namespace orrery::sim
