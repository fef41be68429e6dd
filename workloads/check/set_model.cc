#include <algorithm>
#include <vector>

#include "workloads/check/flat_index.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/state_table.h"
#include "workloads/check/union_find.h"

namespace orrery::check {

namespace {

/// The state is a bit per element that some operation names.
class SetStates final : public Model {
 public:
  SetStates(const History& history, std::span<const OpIndex> ops, bool projected)
      : history_(history), ops_(ops.begin(), ops.end()), projected_(projected) {
    for (OpIndex op : ops_) {
      for (const MicroOp& micro : history_.micros(op)) {
        if (micro.kind != MicroKind::kReadList) elements_.FindOrAdd(Word(micro.key, micro.value));
      }
    }
    words_.assign((elements_.size() + 31) / 32 + 1, 0);
    initial_ = states_.Intern(words_);
    PrepareMasks();
  }
  StateId Initial() override { return initial_; }

  StateId Step(StateId state, uint32_t op) override {
    const auto words = states_.Words(state);
    words_.assign(words.begin(), words.end());
    for (const MicroOp& micro : history_.micros(ops_[op])) {
      if (!micro.known) continue;  // an answer that did not arrive fits everything
      if (micro.kind == MicroKind::kReadList) {
        if (!ReadFits(micro)) return kImpossible;
        continue;
      }
      const uint32_t element = elements_.Find(Word(micro.key, micro.value));
      uint32_t& word = words_[element / 32];
      const uint32_t bit = 1u << (element % 32);
      if (micro.kind == MicroKind::kContains) {
        if (micro.success != ((word & bit) != 0)) return kImpossible;
        continue;
      }
      word = micro.kind == MicroKind::kAdd ? word | bit : word & ~bit;
    }
    return states_.Intern(words_);
  }

  bool ReadOnly(uint32_t op) const override {
    const auto micros = history_.micros(ops_[op]);
    return std::all_of(micros.begin(), micros.end(), [](const MicroOp& m) { return IsRead(m.kind); });
  }
  size_t MemoryBytes() const override { return states_.MemoryBytes(); }

 private:
  static uint64_t Word(Value key, Value value) { return uint64_t{key.code()} << 32 | value.code(); }

  /// The elements of the read are exactly those of `words_` under its key.
  bool ReadFits(const MicroOp& micro) {
    seen_.assign(words_.size(), 0);
    for (Value value : history_.list(micro)) {
      const uint32_t element = elements_.Find(Word(micro.key, value));
      if (element == FlatIndex::kAbsent) {
        if (projected_) continue;
        return false;
      }
      if ((seen_[element / 32] >> (element % 32) & 1) != 0) return false;  // listed twice
      seen_[element / 32] |= 1u << (element % 32);
    }
    const std::vector<uint32_t>& mask = masks_[mask_of_key_.Find(micro.key.code())];
    for (size_t i = 0; i < words_.size(); ++i) {
      if ((words_[i] & mask[i]) != seen_[i]) return false;
    }
    return true;
  }

  /// For each key the bits of its elements: batches may tie several sets together.
  void PrepareMasks() {
    for (OpIndex op : ops_) {
      for (const MicroOp& micro : history_.micros(op)) {
        const uint32_t key = mask_of_key_.FindOrAdd(micro.key.code());
        masks_.resize(mask_of_key_.size());
        masks_[key].resize(words_.size());
        if (micro.kind == MicroKind::kReadList) continue;
        const uint32_t element = elements_.Find(Word(micro.key, micro.value));
        masks_[key][element / 32] |= 1u << (element % 32);
      }
    }
  }

  const History& history_;
  std::vector<OpIndex> ops_;
  bool projected_;
  FlatIndex elements_;
  FlatIndex mask_of_key_;
  std::vector<std::vector<uint32_t>> masks_;
  StateTable states_;
  std::vector<uint32_t> words_;
  std::vector<uint32_t> seen_;
  StateId initial_ = 0;
};

class SetSpec final : public ModelSpec {
 public:
  std::string_view name() const override { return "set"; }

  Status Accept(const History& history, OpIndex op) const override {
    for (const MicroOp& micro : history.micros(op)) {
      switch (micro.kind) {
        case MicroKind::kAdd:
        case MicroKind::kRemove:
        case MicroKind::kContains:
        case MicroKind::kReadList: break;
        case MicroKind::kRead:
          if (!micro.known) break;  // a whole read that was never answered
          [[fallthrough]];
        default:
          return Status(StatusCode::kInvalidArgument,
                        history.Describe(op) + ": a set knows add, remove, contains and r [values] only");
      }
    }
    return Status::Ok();
  }

  std::unique_ptr<Model> Bind(const History& history, std::span<const OpIndex> ops, bool projected) const override {
    return std::make_unique<SetStates>(history, ops, projected);
  }

  bool ValuesAreIndependent() const override { return true; }

  // Elements are independent: reads of the whole set are judged by the elements still named (projected).
  std::vector<uint32_t> DropGroups(const History& history, std::span<const OpIndex> ops,
                                   bool projected) const override {
    FlatIndex elements(ops.size());
    UnionFind groups;
    std::vector<uint32_t> group(ops.size(), kNoOp);
    for (size_t i = 0; i < ops.size(); ++i) {
      for (const MicroOp& micro : history.micros(ops[i])) {
        if (micro.kind == MicroKind::kReadList || micro.kind == MicroKind::kRead) continue;
        const uint32_t n = elements.FindOrAdd(uint64_t{micro.key.code()} << 32 | micro.value.code());
        groups.Grow(n + 1);
        if (group[i] == kNoOp) group[i] = n;
        groups.Union(group[i], n);
      }
    }
    std::vector<char> pinned(elements.size(), 0);
    if (!projected) PinListed(history, ops, elements, groups, pinned);
    for (uint32_t& g : group) {
      if (g != kNoOp) g = groups.Find(g);
      if (g != kNoOp && pinned[g]) g = kNoOp;
    }
    return group;
  }

 private:
  /// Marks the groups of elements that a whole read lists.
  static void PinListed(const History& history, std::span<const OpIndex> ops, const FlatIndex& elements,
                        UnionFind& groups, std::vector<char>& pinned) {
    for (OpIndex op : ops) {
      for (const MicroOp& micro : history.micros(op)) {
        for (Value value : history.list(micro)) {
          const uint32_t n = elements.Find(uint64_t{micro.key.code()} << 32 | value.code());
          if (n != FlatIndex::kAbsent) pinned[groups.Find(n)] = 1;
        }
      }
    }
  }
};

}  // namespace

std::unique_ptr<ModelSpec> SetModel() {
  return std::make_unique<SetSpec>();
}

}  // namespace orrery::check
