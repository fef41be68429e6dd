#include "workloads/check/proof/brute_force.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace orrery::check {

namespace {

using Values = std::vector<uint32_t>;
using State = std::map<uint32_t, Values>;  // key -> register (0 or 1 values), set (sorted), queue, list

bool Before(const History& h, OpIndex a, OpIndex b) {
  return h.operation(a).ret < h.operation(b).invoke;
}

bool HappenOne(State& state, const History& h, const MicroOp& m) {
  Values& object = state[m.key.code()];
  const uint32_t value = m.value.code();
  const uint32_t current = object.empty() ? kNil.code() : object.front();
  switch (m.kind) {
    case MicroKind::kRead: return !m.known || current == value;
    case MicroKind::kWrite: object = {value}; return true;
    case MicroKind::kCas: {
      const bool fits = current == m.expected.code();
      if (m.known && fits != m.success) return false;
      if (fits) object = {value};
      return true;
    }
    case MicroKind::kAdd:
      if (std::find(object.begin(), object.end(), value) == object.end()) object.push_back(value);
      return true;
    case MicroKind::kRemove: std::erase(object, value); return true;
    case MicroKind::kContains: {
      const bool there = std::find(object.begin(), object.end(), value) != object.end();
      return !m.known || there == m.success;
    }
    case MicroKind::kReadList: {
      if (!m.known) return true;
      Values wanted;
      for (Value v : h.list(m)) wanted.push_back(v.code());
      Values have = object;
      std::sort(wanted.begin(), wanted.end());
      std::sort(have.begin(), have.end());
      return wanted == have;
    }
    case MicroKind::kEnqueue: object.push_back(value); return true;
    case MicroKind::kDequeue:
      if (m.known && (object.empty() ? kNil.code() : object.front()) != value) return false;
      if (!object.empty()) object.erase(object.begin());
      return true;
    default: return false;
  }
}

bool HappenAll(State& state, const History& h, OpIndex op) {
  for (const MicroOp& m : h.micros(op)) {
    if (!HappenOne(state, h, m)) return false;
  }
  return true;
}

bool TryOrders(const History& h, const State& state, std::vector<OpIndex> rest) {
  if (std::all_of(rest.begin(), rest.end(), [&](OpIndex op) { return h.operation(op).outcome == Outcome::kUnknown; })) {
    return true;
  }
  for (OpIndex op : rest) {
    if (std::any_of(rest.begin(), rest.end(), [&](OpIndex other) { return Before(h, other, op); })) continue;
    State next = state;
    if (!HappenAll(next, h, op)) continue;
    std::vector<OpIndex> others = rest;
    std::erase(others, op);
    if (TryOrders(h, next, std::move(others))) return true;
  }
  return false;
}

}  // namespace

bool BruteForceLinearizable(const History& history) {
  std::vector<OpIndex> all;
  for (OpIndex op = 0; op < history.size(); ++op) {
    if (history.operation(op).outcome != Outcome::kFail) all.push_back(op);
  }
  return TryOrders(history, {}, all);
}

namespace {

/// Lists and registers as one: the state of a register is the list of its last value.
class Runs {
 public:
  Runs(const History& h, TxnModel model, IsolationLevel level)
      : h_(h), lists_(model == TxnModel::kListAppend), level_(level) {}

  bool Any() {
    std::vector<OpIndex> unknown;
    std::vector<OpIndex> sure;
    for (OpIndex op = 0; op < h_.size(); ++op) {
      if (h_.operation(op).outcome == Outcome::kOk) sure.push_back(op);
      if (h_.operation(op).outcome == Outcome::kUnknown) unknown.push_back(op);
    }
    for (uint32_t subset = 0; subset < (1u << unknown.size()); ++subset) {
      std::vector<OpIndex> ran = sure;
      for (size_t i = 0; i < unknown.size(); ++i) {
        if ((subset >> i & 1) != 0) ran.push_back(unknown[i]);
      }
      if (AnyOf(ran)) return true;
    }
    return false;
  }

 private:
  bool AnyOf(const std::vector<OpIndex>& ran) {
    switch (level_) {
      case IsolationLevel::kReadCommitted: return Committed({State{}}, ran);
      case IsolationLevel::kSnapshotIsolation:
      case IsolationLevel::kStrongSessionSnapshotIsolation:
      case IsolationLevel::kStrongSnapshotIsolation: return Snapshots({}, {}, ran);
      default: return Serial({}, ran);
    }
  }

  /// The level demands that a comes before b.
  bool Ordered(OpIndex a, OpIndex b) const {
    if (h_.operation(b).stale_read || !Before(h_, a, b)) return false;
    const bool same = h_.operation(a).process == h_.operation(b).process;
    switch (level_) {
      case IsolationLevel::kStrongSnapshotIsolation:
      case IsolationLevel::kStrictSerializable: return true;
      case IsolationLevel::kStrongSessionSnapshotIsolation:
      case IsolationLevel::kStrongSessionSerializable: return same;
      default: return false;
    }
  }

  Values Shown(const MicroOp& m) const {
    Values out;
    if (m.kind == MicroKind::kReadList) {
      for (Value v : h_.list(m)) out.push_back(v.code());
    } else if (!m.value.is_nil()) {
      out.push_back(m.value.code());
    }
    return out;
  }
  void Put(Values& object, Value value) const {
    if (!lists_) object.clear();
    object.push_back(value.code());
  }

  /// Runs `txn` alone on `state`; false if a read shows something else.
  bool RunAlone(State& state, OpIndex txn) const {
    for (const MicroOp& m : h_.micros(txn)) {
      Values& object = state[m.key.code()];
      if (m.kind == MicroKind::kAppend || m.kind == MicroKind::kWrite) {
        Put(object, m.value);
      } else if (m.known && Shown(m) != object) {
        return false;
      }
    }
    return true;
  }

  bool Serial(const State& state, const std::vector<OpIndex>& rest) const {
    if (rest.empty()) return true;
    for (OpIndex txn : rest) {
      if (std::any_of(rest.begin(), rest.end(), [&](OpIndex other) { return Ordered(other, txn); })) continue;
      State next = state;
      if (!RunAlone(next, txn)) continue;
      std::vector<OpIndex> others = rest;
      std::erase(others, txn);
      if (Serial(next, others)) return true;
    }
    return false;
  }

  std::set<uint32_t> KeysWritten(OpIndex txn) const {
    std::set<uint32_t> keys;
    for (const MicroOp& m : h_.micros(txn)) {
      if (m.kind == MicroKind::kAppend || m.kind == MicroKind::kWrite) keys.insert(m.key.code());
    }
    return keys;
  }
  void Install(State& state, OpIndex txn) const {
    for (const MicroOp& m : h_.micros(txn)) {
      if (m.kind == MicroKind::kAppend || m.kind == MicroKind::kWrite) Put(state[m.key.code()], m.value);
    }
  }

  /// Starts and commits in every order: `open` have started.
  bool Snapshots(const State& state, const std::vector<OpIndex>& open, const std::vector<OpIndex>& rest) const {
    if (open.empty() && rest.empty()) return true;
    for (OpIndex txn : open) {
      State next = state;
      Install(next, txn);
      std::vector<OpIndex> still = open;
      std::erase(still, txn);
      if (Snapshots(next, still, rest)) return true;
    }
    for (OpIndex txn : rest) {
      const auto must_wait = [&](OpIndex other) { return Ordered(other, txn); };
      if (std::any_of(rest.begin(), rest.end(), must_wait) || std::any_of(open.begin(), open.end(), must_wait))
        continue;
      if (WritesWhatIsOpen(txn, open)) continue;
      State snapshot = state;
      if (!RunAlone(snapshot, txn)) continue;
      std::vector<OpIndex> others = rest;
      std::erase(others, txn);
      std::vector<OpIndex> more = open;
      more.push_back(txn);
      if (Snapshots(state, more, others)) return true;
    }
    return false;
  }

  bool WritesWhatIsOpen(OpIndex txn, const std::vector<OpIndex>& open) const {
    const auto mine = KeysWritten(txn);
    for (OpIndex other : open) {
      for (uint32_t key : KeysWritten(other)) {
        if (mine.contains(key)) return true;
      }
    }
    return false;
  }

  /// Commits in every order; a read may show the state after any of the commits so far, and its own writes.
  bool Committed(const std::vector<State>& states, const std::vector<OpIndex>& rest) const {
    if (rest.empty()) return true;
    for (OpIndex txn : rest) {
      if (!ReadsCommitted(states, txn)) continue;
      std::vector<State> next = states;
      next.push_back(states.back());
      Install(next.back(), txn);
      std::vector<OpIndex> others = rest;
      std::erase(others, txn);
      if (Committed(next, others)) return true;
    }
    return false;
  }

  bool ReadsCommitted(const std::vector<State>& states, OpIndex txn) const {
    std::map<uint32_t, Values> own;
    for (const MicroOp& m : h_.micros(txn)) {
      const uint32_t key = m.key.code();
      if (m.kind == MicroKind::kAppend || m.kind == MicroKind::kWrite) {
        Put(own[key], m.value);
        continue;
      }
      if (!m.known) continue;
      const auto fits = [&](const State& state) {
        const auto at = state.find(key);
        Values object = at == state.end() ? Values() : at->second;
        if (own.contains(key)) {
          if (!lists_) object.clear();
          object.insert(object.end(), own[key].begin(), own[key].end());
        }
        return object == Shown(m);
      };
      if (std::none_of(states.begin(), states.end(), fits)) return false;
    }
    return true;
  }

  const History& h_;
  bool lists_;
  IsolationLevel level_;
};

}  // namespace

bool BruteForceAllowed(const History& history, TxnModel model, IsolationLevel level) {
  return Runs(history, model, level).Any();
}

}  // namespace orrery::check
