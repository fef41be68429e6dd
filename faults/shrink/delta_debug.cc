#include "faults/shrink/delta_debug.h"

#include <algorithm>
#include <numeric>

namespace orrery::faults {
namespace {

/// `items` cut into `parts` contiguous parts as equal as possible.
class Cut {
 public:
  Cut(const Kept& items, size_t parts) : items_(items), parts_(parts) {}

  size_t Begin(size_t part) const { return part * items_.size() / parts_; }

  Kept Part(size_t part) const {
    return Kept(items_.begin() + static_cast<ptrdiff_t>(Begin(part)),
                items_.begin() + static_cast<ptrdiff_t>(Begin(part + 1)));
  }

  Kept Complement(size_t part) const {
    Kept rest(items_.begin(), items_.begin() + static_cast<ptrdiff_t>(Begin(part)));
    rest.insert(rest.end(), items_.begin() + static_cast<ptrdiff_t>(Begin(part + 1)), items_.end());
    return rest;
  }

 private:
  const Kept& items_;
  size_t parts_;
};

/// One list of candidates: parts alone while they are few, then complements, beginning at part `next`.
KeptList Candidates(const Cut& cut, size_t parts, size_t next) {
  // With two parts each is the complement of the other.
  const size_t alone = parts > 2 && parts <= kPartsAlone ? parts : 0;
  return {.count = alone + parts, .at = [&cut, parts, next, alone](size_t index) {
            if (index < alone) return cut.Part(index);
            return cut.Complement((next + index - alone) % parts);
          }};
}

}  // namespace

Kept DeltaDebug(size_t units, const FirstFailing& first, size_t parts_max) {
  Kept items(units);
  std::iota(items.begin(), items.end(), size_t{0});
  if (items.empty()) return items;
  if (first({.count = 1, .at = [](size_t) { return Kept(); }})) return {};
  size_t parts = 2;
  size_t next = 0;
  while (items.size() >= 2) {
    parts = std::min({parts, items.size(), parts_max});
    const Cut cut(items, parts);
    const std::optional<size_t> found = first(Candidates(cut, parts, next));
    if (!found) {
      if (parts == std::min(items.size(), parts_max)) break;
      parts *= 2;
      next = 0;
      continue;
    }
    const size_t alone = parts > 2 && parts <= kPartsAlone ? parts : 0;
    if (*found < alone) {
      items = cut.Part(*found);
      parts = 2;
      next = 0;
    } else {
      const size_t left_out = (next + *found - alone) % parts;
      items = cut.Complement(left_out);
      parts = std::max<size_t>(parts - 1, 2);
      next = left_out % parts;
    }
  }
  return items;
}

}  // namespace orrery::faults
