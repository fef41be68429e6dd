#include <algorithm>
#include <vector>

#include "workloads/check/flat_index.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/state_table.h"
#include "workloads/check/union_find.h"

namespace orrery::check {

namespace {

/// The state is the sequence of (key number, value) pairs, oldest first; one sequence for all keys of the part.
class QueueStates final : public Model {
 public:
  QueueStates(const History& history, std::span<const OpIndex> ops)
      : history_(history), ops_(ops.begin(), ops.end()), initial_(states_.Intern({})) {}
  StateId Initial() override { return initial_; }

  StateId Step(StateId state, uint32_t op) override {
    const auto words = states_.Words(state);
    words_.assign(words.begin(), words.end());
    for (const MicroOp& micro : history_.micros(ops_[op])) {
      if (micro.kind == MicroKind::kEnqueue) {
        words_.push_back(micro.key.code());
        words_.push_back(micro.value.code());
      } else if (!StepDequeue(micro)) {
        return kImpossible;
      }
    }
    return states_.Intern(words_);
  }

  bool ReadOnly(uint32_t op) const override {
    const auto micros = history_.micros(ops_[op]);
    return std::all_of(micros.begin(), micros.end(), [](const MicroOp& micro) {
      return micro.known && micro.value.is_nil();  // nil is not enqueued: the queue was empty
    });
  }
  size_t MemoryBytes() const override { return states_.MemoryBytes(); }

 private:
  bool StepDequeue(const MicroOp& micro) {
    size_t at = 0;
    while (at < words_.size() && words_[at] != micro.key.code()) at += 2;
    const bool empty = at == words_.size();
    if (micro.known) {
      if (micro.value.is_nil() != empty) return false;
      if (!empty && words_[at + 1] != micro.value.code()) return false;
    }
    if (!empty)
      words_.erase(words_.begin() + static_cast<ptrdiff_t>(at), words_.begin() + static_cast<ptrdiff_t>(at) + 2);
    return true;
  }

  const History& history_;
  std::vector<OpIndex> ops_;
  StateTable states_;
  std::vector<uint32_t> words_;
  StateId initial_;
};

class QueueSpec final : public ModelSpec {
 public:
  std::string_view name() const override { return "queue"; }

  Status Accept(const History& history, OpIndex op) const override {
    for (const MicroOp& micro : history.micros(op)) {
      if (micro.kind == MicroKind::kEnqueue && micro.value.is_nil()) {
        return Status(StatusCode::kInvalidArgument, history.Describe(op) + ": nil cannot be queued");
      }
      if (micro.kind == MicroKind::kEnqueue || micro.kind == MicroKind::kDequeue) continue;
      return Status(StatusCode::kInvalidArgument, history.Describe(op) + ": a queue knows enq and deq only");
    }
    return Status::Ok();
  }

  std::unique_ptr<Model> Bind(const History& history, std::span<const OpIndex> ops, bool) const override {
    return std::make_unique<QueueStates>(history, ops);
  }

  // A value leaves a queue history whole: its enqueues with its dequeues. A dequeue of unknown answer may
  // have taken any value, so it stays.
  std::vector<uint32_t> DropGroups(const History& history, std::span<const OpIndex> ops, bool) const override {
    FlatIndex values(ops.size());
    UnionFind groups;
    std::vector<uint32_t> group(ops.size(), kNoOp);
    for (size_t i = 0; i < ops.size(); ++i) {
      const auto micros = history.micros(ops[i]);
      if (std::any_of(micros.begin(), micros.end(), [](const MicroOp& m) { return !m.known; })) {
        const bool may_not_happen = micros.size() == 1 && history.operation(ops[i]).ret == kOpen;
        if (!may_not_happen) return std::vector<uint32_t>(ops.size(), kNoOp);
        continue;
      }
      for (const MicroOp& micro : micros) {
        const uint32_t n = values.FindOrAdd(uint64_t{micro.key.code()} << 32 | micro.value.code());
        groups.Grow(n + 1);
        if (group[i] == kNoOp) group[i] = n;
        groups.Union(group[i], n);
      }
    }
    for (uint32_t& g : group) {
      if (g != kNoOp) g = groups.Find(g);
    }
    return group;
  }
};

}  // namespace

std::unique_ptr<ModelSpec> QueueModel() {
  return std::make_unique<QueueSpec>();
}

}  // namespace orrery::check
