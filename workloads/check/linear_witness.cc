#include "workloads/check/linear_witness.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "workloads/check/flat_index.h"

namespace orrery::check {

namespace {

/// Keeps the operations for which `keep` says so.
template <class Keep>
SubHistory Filter(const SubHistory& part, const Keep& keep) {
  SubHistory out;
  for (size_t i = 0; i < part.ops.size(); ++i) {
    if (!keep(i)) continue;
    out.ops.push_back(part.ops[i]);
    out.ret.push_back(part.ret[i]);
  }
  return out;
}

/// The values that registers may take and nobody would notice, because a single micro-operation names them: none can be
/// told from another. (A register that begins with one need not leave it: nobody asks for that either.)
class UnnoticedValues {
 public:
  UnnoticedValues(const History& history, const ModelSpec& spec, std::span<const OpIndex> ops) {
    if (spec.PlainRegister() == nullptr) return;
    for (const OpIndex op : ops) {
      for (const MicroOp& micro : history.micros(op)) {
        Count(micro.key, micro.value);
        Count(micro.key, micro.expected);  // Nil if it expects nothing.
      }
    }
  }
  bool Has(Value key, Value value) const {
    const uint32_t number = numbers_.Find(Word(key, value));
    return number != FlatIndex::kAbsent && times_[number] == 1;
  }

 private:
  static uint64_t Word(Value key, Value value) { return uint64_t{key.code()} << 32 | value.code(); }
  void Count(Value key, Value value) {
    const uint32_t number = numbers_.FindOrAdd(Word(key, value));
    times_.resize(numbers_.size());
    ++times_[number];
  }

  FlatIndex numbers_;
  std::vector<uint32_t> times_;
};

/// For open operations of one micro-operation: an earlier open one with the same effect. It might as well go first.
void LinkTwins(const History& history, const ModelSpec& spec, const SubHistory& part, std::vector<SearchOp>& ops) {
  if (std::count(part.ret.begin(), part.ret.end(), kOpen) < 2) return;
  const UnnoticedValues unnoticed(history, spec, part.ops);
  using Effect = std::tuple<MicroKind, uint32_t, std::optional<uint32_t>, uint32_t, bool, bool>;
  std::map<Effect, uint32_t> last;
  for (uint32_t i = 0; i < ops.size(); ++i) {
    if (ops[i].ret != kOpen) continue;
    const auto micros = history.micros(part.ops[i]);
    if (micros.size() != 1) continue;
    const MicroOp& m = micros[0];
    const auto value = unnoticed.Has(m.key, m.value) ? std::nullopt : std::optional(m.value.code());
    const Effect effect{m.kind, m.key.code(), value, m.expected.code(), m.known, m.success};
    auto [at, fresh] = last.try_emplace(effect, i);
    if (!fresh) ops[i].same_as = std::exchange(at->second, i);
  }
}

class Minimizer {
 public:
  Minimizer(const History& history, const ModelSpec& spec, SubHistory part, ConfigurationSet& seen,
            SearchBudget& budget)
      : history_(history), spec_(spec), part_(std::move(part)), seen_(seen), budget_(budget) {}

  // Once is enough: what had to stay must stay when more is gone, for leaving out a unit breaks no good history.
  void Run() {
    DropUnits(ReadUnits());
    DropUnits(GroupUnits());
  }
  const SubHistory& part() const { return part_; }
  bool minimal() const { return !out_of_budget_; }

 private:
  using Units = std::vector<std::vector<OpIndex>>;

  Units ReadUnits() const {
    Units units;
    const auto model = spec_.Bind(history_, part_.ops, true);
    for (uint32_t i = 0; i < part_.ops.size(); ++i) {
      if (model->ReadOnly(i)) units.push_back({part_.ops[i]});
    }
    return units;
  }

  Units GroupUnits() const {
    const std::vector<uint32_t> group = spec_.DropGroups(history_, part_.ops, true);
    std::map<uint32_t, std::vector<OpIndex>> by_group;
    for (size_t i = 0; i < group.size(); ++i) {
      if (group[i] != kNoOp) by_group[group[i]].push_back(part_.ops[i]);
    }
    Units units;
    for (auto& [number, ops] : by_group) units.push_back(std::move(ops));
    return units;
  }

  /// Tries to leave out runs of units, halving the run length down to one.
  void DropUnits(Units units) {
    for (size_t run = units.size(); run > 0; run /= 2) {
      Units kept;
      for (size_t at = 0; at < units.size(); at += run) {
        const size_t end = std::min(units.size(), at + run);
        if (StillBrokenWithout(units, at, end)) continue;
        kept.insert(kept.end(), units.begin() + static_cast<ptrdiff_t>(at),
                    units.begin() + static_cast<ptrdiff_t>(end));
      }
      units = std::move(kept);
    }
  }

  bool StillBrokenWithout(const Units& units, size_t begin, size_t end) {
    if (out_of_budget_) return false;
    std::set<OpIndex> dropped;
    for (size_t i = begin; i < end; ++i) dropped.insert(units[i].begin(), units[i].end());
    SubHistory rest = Filter(part_, [&](size_t i) { return !dropped.contains(part_.ops[i]); });
    const SearchResult result = SearchSubHistory(history_, spec_, rest, true, seen_, budget_);
    if (result.verdict == Verdict::kUndecided) out_of_budget_ = true;
    if (result.verdict != Verdict::kBroken) return false;
    part_ = std::move(rest);
    return true;
  }

  const History& history_;
  const ModelSpec& spec_;
  SubHistory part_;
  ConfigurationSet& seen_;
  SearchBudget& budget_;
  bool out_of_budget_ = false;
};

std::string Interval(const History& history, OpIndex op) {
  const Operation& o = history.operation(op);
  return "[" + std::to_string(o.invoke) + ", " + (o.ret == kOpen ? "open" : std::to_string(o.ret)) + "]";
}

/// What an operation saw, or put there itself.
Value Seen(const MicroOp& micro) {
  return micro.kind == MicroKind::kCas ? micro.expected : micro.value;
}

/// An answer that nothing before it explains may have its source later: that operation, or kNoOp.
OpIndex LateSource(const History& history, std::span<const OpIndex> part, OpIndex reader) {
  for (const MicroOp& answer : history.micros(reader)) {
    for (OpIndex op : part) {
      for (const MicroOp& micro : history.micros(op)) {
        const bool source = !IsRead(micro.kind) && micro.kind != MicroKind::kDequeue && op != reader;
        if (source && micro.key == answer.key && micro.value == Seen(answer)) return op;
      }
    }
  }
  return kNoOp;
}

/// True if `reader` was answered with a value that nothing in its part ever put there.
bool ReadsGarbage(const History& history, const ModelSpec& spec, std::span<const OpIndex> part, OpIndex reader) {
  if (history.operation(reader).ret == kOpen) return false;
  const auto put = [&](Value key, Value value) {
    if (value.is_nil() || (spec.PlainRegister() != nullptr && *spec.PlainRegister() == value)) return true;
    for (OpIndex op : part) {
      for (const MicroOp& micro : history.micros(op)) {
        const bool puts = !IsRead(micro.kind) && micro.kind != MicroKind::kDequeue && micro.kind != MicroKind::kRemove;
        if (puts && micro.key == key && micro.value == value) return true;
      }
    }
    return false;
  };
  for (const MicroOp& micro : history.micros(reader)) {
    if (!micro.known || !micro.success) continue;
    if (!put(micro.key, Seen(micro))) return true;
    const auto list = history.list(micro);
    if (!std::all_of(list.begin(), list.end(), [&](Value value) { return put(micro.key, value); })) return true;
  }
  return false;
}

}  // namespace

SubHistory WholePart(const History& history, std::span<const OpIndex> ops) {
  SubHistory part;
  part.ops.assign(ops.begin(), ops.end());
  part.ret.reserve(ops.size());
  for (OpIndex op : ops) part.ret.push_back(history.operation(op).ret);
  return part;
}

SubHistory DropOpenGroups(const History& history, const ModelSpec& spec, SubHistory part) {
  if (std::find(part.ret.begin(), part.ret.end(), kOpen) == part.ret.end()) return part;
  const std::vector<uint32_t> group = spec.DropGroups(history, part.ops, false);
  FlatIndex returned;
  for (size_t i = 0; i < group.size(); ++i) {
    if (part.ret[i] != kOpen) returned.FindOrAdd(group[i]);
  }
  return Filter(part, [&](size_t i) { return group[i] == kNoOp || returned.Find(group[i]) != FlatIndex::kAbsent; });
}

SearchResult SearchSubHistory(const History& history, const ModelSpec& spec, const SubHistory& part, bool projected,
                              ConfigurationSet& seen, SearchBudget& budget) {
  std::vector<SearchOp> ops(part.ops.size());
  for (size_t i = 0; i < ops.size(); ++i) ops[i] = {history.operation(part.ops[i]).invoke, part.ret[i], kNoOp};
  LinkTwins(history, spec, part, ops);
  const auto model = spec.Bind(history, part.ops, projected);
  return SearchOrder(*model, ops, seen, budget);
}

Anomaly MinimalConflict(const History& history, const ModelSpec& spec, const SubHistory& part, uint32_t stuck,
                        ConfigurationSet& seen, SearchBudget& budget) {
  const Instant cut = part.ret[stuck];
  SubHistory prefix = Filter(part, [&](size_t i) { return history.operation(part.ops[i]).invoke <= cut; });
  for (Instant& ret : prefix.ret) {
    if (ret > cut) ret = kOpen;
  }
  Minimizer minimizer(history, spec, std::move(prefix), seen, budget);
  minimizer.Run();
  std::vector<OpIndex> ops = minimizer.part().ops;
  const auto garbage =
      std::find_if(ops.begin(), ops.end(), [&](OpIndex op) { return ReadsGarbage(history, spec, part.ops, op); });
  if (garbage != ops.end()) {
    Anomaly anomaly = DescribeConflict(history, {*garbage});
    anomaly.name = "garbage-read";
    return anomaly;
  }
  const OpIndex late = ops.size() == 1 ? LateSource(history, part.ops, ops.front()) : kNoOp;
  if (late != kNoOp) ops.push_back(late);
  Anomaly anomaly = DescribeConflict(history, std::move(ops));
  anomaly.minimal = minimizer.minimal();
  return anomaly;
}

std::string DescribeKeys(const History& history, std::span<const OpIndex> ops) {
  std::vector<std::string> names;
  for (OpIndex op : ops) {
    for (const MicroOp& micro : history.micros(op)) {
      std::string name = history.values().ToString(micro.key);
      const bool known = std::find(names.begin(), names.end(), name) != names.end();
      if (!known && names.size() <= 4) names.push_back(std::move(name));
    }
  }
  std::string out = names.size() == 1 ? "key " : "keys ";
  for (size_t i = 0; i < names.size() && i < 4; ++i) out += (i > 0 ? ", " : "") + names[i];
  return out + (names.size() > 4 ? ", ..." : "");
}

Anomaly DescribeConflict(const History& history, std::vector<OpIndex> ops) {
  Anomaly anomaly;
  anomaly.name = "nonlinearizable";
  anomaly.words = DescribeKeys(history, ops) + ": no order of effects explains these " + std::to_string(ops.size()) +
                  (ops.size() == 1 ? " operation" : " operations") + " (instants in brackets):\n";
  Instant from = kOpen;
  Instant to = 0;
  for (OpIndex op : ops) {
    const Operation& o = history.operation(op);
    from = std::min(from, o.invoke);
    to = std::max(to, o.ret == kOpen ? o.invoke : o.ret);
    anomaly.words += "  " + Interval(history, op) + " " + history.Describe(op) + "\n";
  }
  anomaly.words += "  window: instants " + std::to_string(from) + " to " + std::to_string(to) + "\n";
  anomaly.ops = std::move(ops);
  return anomaly;
}

}  // namespace orrery::check
