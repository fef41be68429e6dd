#include "workloads/check/linear_search.h"

#include <algorithm>
#include <tuple>

#include "runtime/base/assert.h"
#include "runtime/base/random.h"

namespace orrery::check {

namespace {
constexpr size_t kSlotsMin = 256;
constexpr uint32_t kNone = 0xffffffffu;
}  // namespace

ConfigurationSet::ConfigurationSet() : slots_(kSlotsMin) {}

void ConfigurationSet::Clear() {
  if (slots_.size() > 16 * kSlotsMin && used_ < slots_.size() / 16) {
    slots_ = std::vector<Slot>(kSlotsMin);
  } else if (used_ > 0) {
    std::fill(slots_.begin(), slots_.end(), Slot{});
  }
  used_ = 0;
}

size_t ConfigurationSet::Probe(uint64_t low, uint64_t high) const {
  const size_t mask = slots_.size() - 1;
  size_t at = low & mask;
  while (slots_[at].low != 0 && (slots_[at].low != low || slots_[at].high != high)) at = (at + 1) & mask;
  return at;
}

void ConfigurationSet::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.low != 0) slots_[Probe(slot.low, slot.high)] = slot;
  }
}

bool ConfigurationSet::Insert(uint64_t low, uint64_t high) {
  if (low == 0) low = 1;  // zero marks a free slot
  size_t at = Probe(low, high);
  if (slots_[at].low != 0) return false;
  slots_[at] = {low, high};
  if (++used_ * 4 > slots_.size() * 3) Grow();
  return true;
}

namespace {

class Search {
 public:
  Search(Model& model, std::span<const SearchOp> ops, ConfigurationSet& seen, SearchBudget& budget)
      : model_(model), ops_(ops), seen_(seen), budget_(budget) {
    seen_.Clear();
    LayOutEvents();
  }

  SearchResult Run();

 private:
  // Event numbers double as list nodes; node 0 is the head, events are 1...
  struct Node {
    uint32_t prev = 0;
    uint32_t next = 0;
    uint32_t op = kNone;
    bool is_call = false;
  };
  // One effect on the path, with what is needed to take it back and to try the next one.
  struct Frame {
    uint32_t op;
    StateId before;
    bool forced;
  };

  void LayOutEvents();
  void Unlink(uint32_t node);
  void Relink(uint32_t node);
  void TakeEffect(uint32_t op, StateId after, bool forced);
  StateId Step(uint32_t op);
  uint32_t FirstReturn() const;
  bool TryReadOnly(uint32_t first_return);
  uint32_t NextCandidate(uint32_t first_return, uint32_t last_tried) const;
  bool TryEffect(uint32_t op);
  bool Backtrack(uint32_t& last_tried);
  bool OverBudget(SearchResult& result);

  /// Order in which candidates are tried: known ones by return, then open ones by invocation.
  uint32_t Rank(uint32_t op) const { return rank_[op]; }

  Model& model_;
  std::span<const SearchOp> ops_;
  ConfigurationSet& seen_;
  SearchBudget& budget_;

  std::vector<Node> nodes_;
  std::vector<uint32_t> call_node_;
  std::vector<uint32_t> return_node_;  // kNone for open operations
  std::vector<uint32_t> rank_;
  std::vector<uint32_t> open_ops_;  // by invocation
  std::vector<char> read_only_;
  std::vector<char> has_effect_;  // open operations on the path
  std::vector<Frame> path_;
  StateId state_ = 0;
  uint64_t hash_low_ = 0;
  uint64_t hash_high_ = 0;
  uint32_t furthest_return_ = 0;
};

struct Event {
  Instant at;
  bool is_return;
  uint32_t op;
};

// Calls come before returns at the same instant: such operations overlap.
bool EventBefore(const Event& a, const Event& b) {
  return std::tie(a.at, a.is_return, a.op) < std::tie(b.at, b.is_return, b.op);
}

void Search::LayOutEvents() {
  const uint32_t count = static_cast<uint32_t>(ops_.size());
  std::vector<Event> events;
  events.reserve(2 * count);
  for (uint32_t op = 0; op < count; ++op) {
    events.push_back({ops_[op].invoke, false, op});
    if (ops_[op].ret != kOpen) events.push_back({ops_[op].ret, true, op});
  }
  std::sort(events.begin(), events.end(), EventBefore);

  call_node_.assign(count, kNone);
  return_node_.assign(count, kNone);
  rank_.assign(count, kNone);
  has_effect_.assign(count, 0);
  read_only_.resize(count);
  for (uint32_t op = 0; op < count; ++op) read_only_[op] = model_.ReadOnly(op);
  nodes_.resize(events.size() + 1);
  uint32_t last = 0;
  for (uint32_t i = 0; i < events.size(); ++i) {
    const uint32_t node = i + 1;
    const Event& event = events[i];
    (event.is_return ? return_node_ : call_node_)[event.op] = node;
    rank_[event.op] = i;  // of the return, which comes last
    nodes_[node].op = event.op;
    nodes_[node].is_call = !event.is_return;
    if (ops_[event.op].ret == kOpen) {  // not in the list: only looked at when all known ones fail
      open_ops_.push_back(event.op);
      continue;
    }
    nodes_[node].prev = last;
    nodes_[last].next = node;
    last = node;
  }
  nodes_[last].next = 0;
  nodes_[0].prev = last;
  for (uint32_t i = 0; i < open_ops_.size(); ++i) rank_[open_ops_[i]] = static_cast<uint32_t>(events.size()) + i;
}

void Search::Unlink(uint32_t node) {
  nodes_[nodes_[node].prev].next = nodes_[node].next;
  nodes_[nodes_[node].next].prev = nodes_[node].prev;
}

void Search::Relink(uint32_t node) {
  nodes_[nodes_[node].prev].next = node;
  nodes_[nodes_[node].next].prev = node;
}

uint32_t Search::FirstReturn() const {
  uint32_t node = nodes_[0].next;
  while (nodes_[node].is_call) node = nodes_[node].next;
  return node;
}

StateId Search::Step(uint32_t op) {
  if (budget_.steps_left > 0) --budget_.steps_left;
  return model_.Step(state_, op);
}

// Toggles `op` in the hash of the set of operations with effect.
void HashToggle(uint32_t op, uint64_t& low, uint64_t& high) {
  low ^= Mix64(2 * uint64_t{op} + 1);
  high ^= Mix64(~(2 * uint64_t{op}));
}

void Search::TakeEffect(uint32_t op, StateId after, bool forced) {
  path_.push_back({op, state_, forced});
  state_ = after;
  HashToggle(op, hash_low_, hash_high_);
  if (return_node_[op] == kNone) {
    has_effect_[op] = 1;
  } else {
    Unlink(call_node_[op]);
    Unlink(return_node_[op]);
  }
}

// A read that fits the state now can take effect now: every order with it later is an order with it here.
bool Search::TryReadOnly(uint32_t first_return) {
  for (uint32_t node = nodes_[0].next; node != first_return; node = nodes_[node].next) {
    const uint32_t op = nodes_[node].op;
    if (!read_only_[op]) continue;
    if (Step(op) == kImpossible) continue;
    TakeEffect(op, state_, true);
    return true;
  }
  return false;
}

uint32_t Search::NextCandidate(uint32_t first_return, uint32_t last_tried) const {
  uint32_t best = kNone;
  for (uint32_t node = nodes_[0].next; node != first_return; node = nodes_[node].next) {
    const uint32_t op = nodes_[node].op;
    if (read_only_[op]) continue;  // TryReadOnly found that it does not fit
    if (last_tried != kNone && Rank(op) <= last_tried) continue;
    if (best == kNone || Rank(op) < Rank(best)) best = op;
  }
  if (best != kNone) return best;
  const uint32_t first_rank = open_ops_.empty() ? 0 : Rank(open_ops_[0]);
  const size_t from = last_tried == kNone || last_tried < first_rank ? 0 : last_tried - first_rank + 1;
  for (size_t i = from; i < open_ops_.size(); ++i) {
    const uint32_t op = open_ops_[i];
    if (call_node_[op] > first_return) break;
    if (has_effect_[op]) continue;
    if (ops_[op].same_as != kNoOp && !has_effect_[ops_[op].same_as]) continue;
    return op;
  }
  return kNone;
}

bool Search::TryEffect(uint32_t op) {
  const StateId after = Step(op);
  if (after == kImpossible) return false;
  if (after == state_ && return_node_[op] == kNone) return false;  // an open operation need not happen
  uint64_t low = hash_low_;
  uint64_t high = hash_high_;
  HashToggle(op, low, high);
  if (!seen_.Insert(low ^ Mix64(uint64_t{after} << 32 | 0x5eed), HashCombine(high, after))) return false;
  TakeEffect(op, after, false);
  return true;
}

bool Search::Backtrack(uint32_t& last_tried) {
  while (!path_.empty()) {
    const Frame frame = path_.back();
    path_.pop_back();
    state_ = frame.before;
    HashToggle(frame.op, hash_low_, hash_high_);
    if (return_node_[frame.op] == kNone) {
      has_effect_[frame.op] = 0;
    } else {
      Relink(return_node_[frame.op]);
      Relink(call_node_[frame.op]);
    }
    if (!frame.forced) {
      last_tried = Rank(frame.op);
      return true;
    }
  }
  return false;
}

bool Search::OverBudget(SearchResult& result) {
  const uint64_t memory = seen_.MemoryBytes() + model_.MemoryBytes();
  budget_.memory_bytes_peak = std::max(budget_.memory_bytes_peak, memory);
  // The set doubles: stop before the doubling that would pass the limit.
  const bool growth = seen_.size() * 4 + 8 > seen_.MemoryBytes() / 16 * 3;
  if (memory + (growth ? seen_.MemoryBytes() * 2 : 0) > budget_.memory_bytes_max) {
    result.undecided_reason = "the memory budget of " + std::to_string(budget_.memory_bytes_max) + " bytes ran out";
  } else if (budget_.steps_left == 0) {
    result.undecided_reason = "the budget of model steps ran out";
  } else {
    return false;
  }
  result.verdict = Verdict::kUndecided;
  return true;
}

SearchResult Search::Run() {
  SearchResult result;
  state_ = model_.Initial();
  uint32_t last_tried = kNone;
  while (nodes_[0].next != 0) {
    if (OverBudget(result)) return result;
    const uint32_t first_return = FirstReturn();
    furthest_return_ = std::max(furthest_return_, first_return);
    if (last_tried == kNone && TryReadOnly(first_return)) continue;
    const uint32_t op = NextCandidate(first_return, last_tried);
    if (op != kNone) {
      last_tried = TryEffect(op) ? kNone : Rank(op);
      continue;
    }
    if (!Backtrack(last_tried)) {
      result.verdict = Verdict::kBroken;
      result.stuck = nodes_[furthest_return_].op;
      return result;
    }
  }
  result.order.reserve(path_.size());
  for (const Frame& frame : path_) result.order.push_back(frame.op);
  return result;
}

}  // namespace

SearchResult SearchOrder(Model& model, std::span<const SearchOp> ops, ConfigurationSet& seen, SearchBudget& budget) {
  return Search(model, ops, seen, budget).Run();
}

}  // namespace orrery::check
