#include "workloads/check/state_table.h"

#include <algorithm>

#include "runtime/base/random.h"

namespace orrery::check {

namespace {
constexpr uint32_t kFree = 0xffffffffu;
}

StateTable::StateTable() : begin_(1, 0), slots_(64, kFree) {}

size_t StateTable::Probe(std::span<const uint32_t> words) const {
  const std::string_view bytes(reinterpret_cast<const char*>(words.data()), words.size_bytes());
  const size_t mask = slots_.size() - 1;
  size_t at = Hash64(bytes) & mask;
  while (slots_[at] != kFree && !std::ranges::equal(Words(slots_[at]), words)) at = (at + 1) & mask;
  return at;
}

void StateTable::Grow() {
  const std::vector<uint32_t> old = std::move(slots_);
  slots_.assign(old.size() * 2, kFree);
  for (uint32_t state : old) {
    if (state != kFree) slots_[Probe(Words(state))] = state;
  }
}

StateId StateTable::Intern(std::span<const uint32_t> words) {
  const size_t at = Probe(words);
  if (slots_[at] != kFree) return slots_[at];
  const StateId state = static_cast<StateId>(begin_.size() - 1);
  slots_[at] = state;
  pool_.insert(pool_.end(), words.begin(), words.end());
  begin_.push_back(pool_.size());
  if (begin_.size() * 2 > slots_.size()) Grow();
  return state;
}

size_t StateTable::MemoryBytes() const {
  return pool_.capacity() * sizeof(uint32_t) + begin_.capacity() * sizeof(uint64_t) + slots_.capacity() * 4;
}

}  // namespace orrery::check
