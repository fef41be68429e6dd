#include <vector>

#include "workloads/check/flat_index.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/state_table.h"
#include "workloads/check/union_find.h"

namespace orrery::check {

namespace {

bool ChangesNothing(const MicroOp& micro) {
  return IsRead(micro.kind) || (micro.known && !micro.success);  // only a compare-and-swap can be refused
}

/// The value of one register after `micro`, or false if it cannot have answered so.
bool StepRegister(const MicroOp& micro, Value& value) {
  switch (micro.kind) {
    case MicroKind::kRead: return !micro.known || micro.value == value;
    case MicroKind::kWrite: value = micro.value; return true;
    default: break;
  }
  const bool matches = micro.expected == value;
  if (micro.known && micro.success != matches) return false;
  if (matches) value = micro.value;
  return true;
}

/// One key, operations of one micro-operation: the state is the value itself.
class SingleRegister final : public Model {
 public:
  SingleRegister(const History& history, std::span<const OpIndex> ops, Value initial) : initial_(initial) {
    micros_.reserve(ops.size());
    for (OpIndex op : ops) micros_.push_back(history.micros(op)[0]);
  }
  StateId Initial() override { return initial_.code(); }
  StateId Step(StateId state, uint32_t op) override {
    Value value = Value::FromCode(state);
    return StepRegister(micros_[op], value) ? value.code() : kImpossible;
  }
  bool ReadOnly(uint32_t op) const override { return ChangesNothing(micros_[op]); }

 private:
  std::vector<MicroOp> micros_;
  Value initial_;
};

/// Several keys tied together by batches: the state is the interned vector of values.
class RegisterBatch final : public Model {
 public:
  RegisterBatch(const History& history, std::span<const OpIndex> ops, Value initial)
      : history_(history), ops_(ops.begin(), ops.end()) {
    for (OpIndex op : ops_) {
      for (const MicroOp& micro : history_.micros(op)) keys_.FindOrAdd(micro.key.code());
    }
    scratch_.assign(keys_.size(), initial.code());
    initial_ = states_.Intern(scratch_);
  }
  StateId Initial() override { return initial_; }
  StateId Step(StateId state, uint32_t op) override {
    const auto words = states_.Words(state);
    scratch_.assign(words.begin(), words.end());
    for (const MicroOp& micro : history_.micros(ops_[op])) {
      uint32_t& word = scratch_[keys_.Find(micro.key.code())];
      Value value = Value::FromCode(word);
      if (!StepRegister(micro, value)) return kImpossible;
      word = value.code();
    }
    return states_.Intern(scratch_);
  }
  bool ReadOnly(uint32_t op) const override {
    for (const MicroOp& micro : history_.micros(ops_[op])) {
      if (!ChangesNothing(micro)) return false;
    }
    return true;
  }
  size_t MemoryBytes() const override { return states_.MemoryBytes(); }

 private:
  const History& history_;
  std::vector<OpIndex> ops_;
  FlatIndex keys_;
  StateTable states_;
  std::vector<uint32_t> scratch_;
  StateId initial_ = 0;
};

class RegisterSpec final : public ModelSpec {
 public:
  explicit RegisterSpec(Value initial) : initial_(initial) {}
  std::string_view name() const override { return "register"; }

  Status Accept(const History& history, OpIndex op) const override {
    for (const MicroOp& micro : history.micros(op)) {
      if (micro.kind == MicroKind::kRead || micro.kind == MicroKind::kWrite || micro.kind == MicroKind::kCas) continue;
      return Status(StatusCode::kInvalidArgument, history.Describe(op) + ": a register knows r, w and cas only");
    }
    return Status::Ok();
  }

  std::unique_ptr<Model> Bind(const History& history, std::span<const OpIndex> ops, bool) const override {
    for (OpIndex op : ops) {
      if (history.operation(op).micro_count != 1 || history.micros(op)[0].key != history.micros(ops[0])[0].key) {
        return std::make_unique<RegisterBatch>(history, ops, initial_);
      }
    }
    return std::make_unique<SingleRegister>(history, ops, initial_);
  }

  // Operations hang together by the values they write or see: the writers and readers of one value, and what
  // a batch or a compare-and-swap ties together. A refused compare-and-swap sees that a value is absent, so
  // it hangs together with every value of its key. One whose answer is not known sees nothing.
  std::vector<uint32_t> DropGroups(const History& history, std::span<const OpIndex> ops, bool) const override {
    FlatIndex values(ops.size());
    FlatIndex wary_keys;
    for (OpIndex op : ops) {
      for (const MicroOp& micro : history.micros(op)) {
        if (micro.known && !micro.success) wary_keys.FindOrAdd(micro.key.code());
      }
    }
    UnionFind groups;
    const auto number = [&](Value key, Value value) {
      const bool wary = wary_keys.Find(key.code()) != FlatIndex::kAbsent;
      const uint64_t word = uint64_t{key.code()} << 32 | (wary ? 0xffffffffu : value.code());
      const uint32_t n = values.FindOrAdd(word);
      groups.Grow(n + 1);
      return n;
    };
    std::vector<uint32_t> group(ops.size(), 0);
    for (size_t i = 0; i < ops.size(); ++i) {
      const auto micros = history.micros(ops[i]);
      group[i] = number(micros[0].key, micros[0].value);
      for (const MicroOp& micro : micros) {
        groups.Union(group[i], number(micro.key, micro.value));
        if (micro.kind == MicroKind::kCas) groups.Union(group[i], number(micro.key, micro.expected));
      }
    }
    for (uint32_t& g : group) g = groups.Find(g);
    return group;
  }

  const Value* PlainRegister() const override { return &initial_; }

 private:
  Value initial_;
};

}  // namespace

std::unique_ptr<ModelSpec> RegisterModel(Value initial) {
  return std::make_unique<RegisterSpec>(initial);
}

}  // namespace orrery::check
