#include "workloads/check/partition.h"

#include <algorithm>

#include "workloads/check/flat_index.h"
#include "workloads/check/union_find.h"

namespace orrery::check {

namespace {

bool CannotMatter(const History& history, OpIndex op) {
  const Operation& operation = history.operation(op);
  if (operation.outcome == Outcome::kFail) return true;
  if (operation.outcome == Outcome::kOk) return false;
  const auto micros = history.micros(op);
  return std::all_of(micros.begin(), micros.end(), [](const MicroOp& m) { return IsRead(m.kind); });
}

/// Which object a micro-operation touches: its key, or its key and value if values are independent.
class Objects {
 public:
  Objects(const History& history, const ModelSpec& spec) : by_value_(spec.ValuesAreIndependent()) {
    for (const MicroOp& micro : history.all_micros()) {
      if (micro.kind == MicroKind::kReadList && micro.known) whole_keys_.FindOrAdd(micro.key.code());
    }
  }
  uint32_t Number(const MicroOp& micro) {
    const uint64_t key = uint64_t{micro.key.code()} << 32;
    if (!by_value_ || whole_keys_.Find(micro.key.code()) != FlatIndex::kAbsent) {
      return index_.FindOrAdd(key | 0xffffffffu);
    }
    return index_.FindOrAdd(key | micro.value.code());
  }

 private:
  bool by_value_;
  FlatIndex whole_keys_;
  FlatIndex index_;
};

}  // namespace

Partition::Partition(const History& history, const ModelSpec& spec) {
  Objects objects(history, spec);
  UnionFind components;
  std::vector<uint32_t> object_of(history.size(), kNoOp);
  for (OpIndex op = 0; op < history.size(); ++op) {
    if (CannotMatter(history, op)) continue;
    for (const MicroOp& micro : history.micros(op)) {
      const uint32_t object = objects.Number(micro);
      components.Grow(object + 1);
      if (object_of[op] == kNoOp) object_of[op] = object;
      components.Union(object_of[op], object);
    }
  }
  FlatIndex parts;
  std::vector<uint32_t> count;
  for (uint32_t& object : object_of) {
    if (object == kNoOp) continue;
    object = parts.FindOrAdd(components.Find(object));
    if (object == count.size()) count.push_back(0);
    ++count[object];
  }
  begin_.assign(count.size() + 1, 0);
  for (size_t i = 0; i < count.size(); ++i) begin_[i + 1] = begin_[i] + count[i];
  ops_.resize(begin_.back());
  std::vector<uint32_t> next(begin_.begin(), begin_.end() - 1);
  for (OpIndex op = 0; op < history.size(); ++op) {
    if (object_of[op] != kNoOp) ops_[next[object_of[op]]++] = op;
  }
}

}  // namespace orrery::check
