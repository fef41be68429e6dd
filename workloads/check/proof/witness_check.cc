#include "workloads/check/proof/witness_check.h"

#include <algorithm>
#include <vector>

namespace orrery::check {

namespace {

bool IsSnapshot(IsolationLevel level) {
  return level == IsolationLevel::kSnapshotIsolation || level == IsolationLevel::kStrongSessionSnapshotIsolation ||
         level == IsolationLevel::kStrongSnapshotIsolation;
}

/// The dependency that the name of an order level allows besides ww, wr and rw; kWriteWrite if none.
Dependency OrderOf(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::kStrongSessionSnapshotIsolation:
    case IsolationLevel::kStrongSessionSerializable: return Dependency::kSession;
    case IsolationLevel::kStrongSnapshotIsolation:
    case IsolationLevel::kStrictSerializable: return Dependency::kRealTime;
    default: return Dependency::kWriteWrite;
  }
}

class Witness {
 public:
  Witness(const History& history, TxnModel model) : history_(history), lists_(model == TxnModel::kListAppend) {}

  bool Shows(const CycleStep& step) const {
    const Operation& source = history_.operation(step.source);
    const Operation& target = history_.operation(step.target);
    switch (step.dependency) {
      case Dependency::kSession: return source.process == target.process && Precedes(source, target);
      case Dependency::kRealTime: return Precedes(source, target);
      case Dependency::kWriteRead: return AnyPair(step, &Witness::WriteRead);
      case Dependency::kWriteWrite: return AnyPair(step, &Witness::WriteWrite);
      case Dependency::kReadWrite: return AnyPair(step, &Witness::ReadWrite);
    }
    return false;
  }

 private:
  using Pair = bool (Witness::*)(const CycleStep&, const MicroOp&, const MicroOp&) const;

  static bool Precedes(const Operation& source, const Operation& target) {
    return source.outcome == Outcome::kOk && source.ret < target.invoke && !target.stale_read;
  }
  static bool Writes(const MicroOp& m) { return m.kind == MicroKind::kAppend || m.kind == MicroKind::kWrite; }

  /// Some micro-operation of the source and some of the target, on one key, are related so.
  bool AnyPair(const CycleStep& step, Pair related) const {
    for (const MicroOp& a : history_.micros(step.source)) {
      for (const MicroOp& b : history_.micros(step.target)) {
        if (a.key == b.key && (this->*related)(step, a, b)) return true;
      }
    }
    return false;
  }

  bool Contains(const MicroOp& read, Value value) const {
    const auto list = history_.list(read);
    return std::find(list.begin(), list.end(), value) != list.end();
  }
  /// The target read `value` of `key` itself before it wrote that key: then its write came next.
  bool TargetRead(const CycleStep& step, Value key, Value value) const {
    for (const MicroOp& m : history_.micros(step.target)) {
      if (m.key == key && m.kind == MicroKind::kRead && m.known && m.value == value) return true;
    }
    return false;
  }

  bool WriteRead(const CycleStep&, const MicroOp& a, const MicroOp& b) const {
    if (!Writes(a) || Writes(b) || !b.known) return false;
    return lists_ ? b.kind == MicroKind::kReadList && Contains(b, a.value) : b.value == a.value;
  }
  bool WriteWrite(const CycleStep& step, const MicroOp& a, const MicroOp& b) const {
    if (!Writes(a) || !Writes(b)) return false;
    if (!lists_) return TargetRead(step, a.key, a.value);
    return std::any_of(history_.all_micros().begin(), history_.all_micros().end(), [&](const MicroOp& read) {
      if (read.kind != MicroKind::kReadList || read.key != a.key) return false;
      const auto list = history_.list(read);
      const auto first = std::find(list.begin(), list.end(), a.value);
      return first != list.end() && std::find(list.begin(), first, b.value) == first;
    });
  }
  bool ReadWrite(const CycleStep& step, const MicroOp& a, const MicroOp& b) const {
    if (Writes(a) || !a.known || !Writes(b)) return false;
    if (lists_) return !Contains(a, b.value);
    return a.value != b.value && (a.value.is_nil() || TargetRead(step, a.key, a.value));
  }

  const History& history_;
  bool lists_;
};

/// The name by the kinds of its steps, from the definitions.
std::string NameOf(const std::vector<CycleStep>& cycle) {
  const auto has = [&](Dependency d) {
    return std::any_of(cycle.begin(), cycle.end(), [d](const CycleStep& step) { return step.dependency == d; });
  };
  const auto rw = std::count_if(cycle.begin(), cycle.end(),
                                [](const CycleStep& s) { return s.dependency == Dependency::kReadWrite; });
  bool adjacent = false;
  for (size_t i = 0; i < cycle.size(); ++i) {
    adjacent = adjacent || (cycle[i].dependency == Dependency::kReadWrite &&
                            cycle[(i + 1) % cycle.size()].dependency == Dependency::kReadWrite);
  }
  std::string name;
  if (rw == 0) {
    name = has(Dependency::kWriteRead) ? "G1c" : "G0";
  } else if (rw == 1) {
    name = "G-single";
  } else {
    name = adjacent ? "G2" : "G-nonadjacent";
  }
  if (has(Dependency::kSession)) name += "-session";
  if (has(Dependency::kRealTime)) name += "-real-time";
  return name;
}

std::string CycleFault(const Witness& witness, IsolationLevel level, const Anomaly& anomaly) {
  const std::vector<CycleStep>& cycle = anomaly.cycle;
  for (size_t i = 0; i < cycle.size(); ++i) {
    if (cycle[i].target != cycle[(i + 1) % cycle.size()].source) return "the steps are no ring";
    const bool order = cycle[i].dependency == Dependency::kSession || cycle[i].dependency == Dependency::kRealTime;
    if (order && cycle[i].dependency != OrderOf(level)) return "a step is of an order that the level does not have";
    if (!witness.Shows(cycle[i]))
      return "the history does not show step " + std::to_string(i) + ": " + cycle[i].because;
  }
  const std::string name = NameOf(cycle);
  if (anomaly.name != name && !(anomaly.name == "long-fork" && name == "G-nonadjacent" && cycle.size() == 4)) {
    return "it is a " + name;
  }
  if (level == IsolationLevel::kReadCommitted && name[1] == '-') return "the level allows it";
  if ((level == IsolationLevel::kReadCommitted || IsSnapshot(level)) && name.starts_with("G2"))
    return "the level allows it";
  return "";
}

}  // namespace

std::string WitnessFault(const History& history, TxnModel model, IsolationLevel level, const CheckReport& report) {
  if (report.Has("duplicate-elements")) return "";
  const Witness witness(history, model);
  for (const Anomaly& anomaly : report.anomalies) {
    if (anomaly.cycle.empty()) continue;
    const std::string fault = CycleFault(witness, level, anomaly);
    if (!fault.empty()) return anomaly.name + ": " + fault + "\n" + anomaly.words;
  }
  return "";
}

}  // namespace orrery::check
