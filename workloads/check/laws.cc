#include "workloads/check/laws.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "workloads/check/flat_index.h"
#include "workloads/check/law_parts.h"

namespace orrery::check {

namespace {

/// The adds and reads of one set.
class SetJudge {
 public:
  SetJudge(const History& history, const std::vector<OpIndex>& ops, AnomalyList& anomalies)
      : history_(history), anomalies_(anomalies) {
    for (OpIndex op : ops) {
      if (history.micros(op)[0].kind == MicroKind::kAdd) NoteAdd(op);
    }
    for (OpIndex op : ops) NoteRead(op);
    for (const Element& element : elements_) dues_.push_back(element.due);
    std::sort(dues_.begin(), dues_.end());
    for (OpIndex op : ops) {
      if (IsAnsweredRead(op)) JudgeRead(op);
    }
  }

 private:
  struct Element {
    OpIndex add = kNoOp;      ///< The first.
    Instant invoked = kOpen;  ///< Of the first add.
    Instant due = kOpen;      ///< First return of an add of it, or of a read that lists it: from then on it is there.
    OpIndex due_by = kNoOp;
    OpIndex listed_by = kNoOp;
  };

  bool IsAnsweredRead(OpIndex op) const { return IsRead(history_.micros(op)[0].kind) && Answered(history_, op); }

  void NoteDue(Element& element, OpIndex op) {
    if (history_.operation(op).ret >= element.due) return;
    element.due = history_.operation(op).ret;
    element.due_by = op;
  }

  void NoteAdd(OpIndex op) {
    const uint32_t n = index_.FindOrAdd(history_.micros(op)[0].value.code());
    if (n == elements_.size()) elements_.push_back({.add = op, .invoked = history_.operation(op).invoke});
    NoteDue(elements_[n], op);
  }

  /// What lists nothing (adds, reads without an answer) tells nothing; what never returned makes nothing due.
  void NoteRead(OpIndex op) {
    for (Value value : history_.list(history_.micros(op)[0])) {
      const uint32_t n = index_.Find(value.code());
      if (n != FlatIndex::kAbsent) NoteDue(elements_[n], op);
    }
  }

  void JudgeRead(OpIndex read) {
    const Operation& operation = history_.operation(read);
    const Instant from = operation.stale_read ? 0 : operation.invoke;  // a stale read may miss anything
    const auto due = std::lower_bound(dues_.begin(), dues_.end(), from) - dues_.begin();
    ptrdiff_t met = 0;
    for (Value value : history_.list(history_.micros(read)[0])) {
      const uint32_t n = index_.Find(value.code());
      const std::string name = history_.values().ToString(value);
      if (n == FlatIndex::kAbsent || elements_[n].invoked > operation.ret) {
        anomalies_.Add("garbage-read", "a read lists " + name + ", which nobody had added", {read});
        continue;
      }
      if (elements_[n].listed_by == read) {
        anomalies_.Add("duplicate-elements", "a read lists " + name + " twice", {read});
        continue;
      }
      elements_[n].listed_by = read;
      met += static_cast<ptrdiff_t>(elements_[n].due < from);
    }
    if (met != due) NameMissing(read);
  }

  void NameMissing(OpIndex read) {
    for (const Element& element : elements_) {
      if (element.due >= history_.operation(read).invoke || element.listed_by == read) continue;
      if (element.due_by == element.add) {
        anomalies_.Add("lost-element", "a read lacks an element whose add had been acknowledged", {element.add, read});
      } else {
        anomalies_.Add("lost-element", "a read lacks an element that had been there before",
                       {element.add, element.due_by, read});
      }
    }
  }

  const History& history_;
  AnomalyList& anomalies_;
  FlatIndex index_;
  std::vector<Element> elements_;
  std::vector<Instant> dues_;
};

}  // namespace

Result<CheckReport> CheckSetLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const OpsByKey by_key,
                          SingleOpsByKey(history, {MicroKind::kAdd, MicroKind::kReadList}, "add and r [values]"));
  for (const auto& [key, ops] : by_key) SetJudge(history, ops, anomalies);
  return FinishLaw(history, anomalies);
}

namespace {

/// The keys an acknowledged operation read, each with what it saw last before it wrote the key itself.
std::map<uint32_t, Value> KeysRead(const History& history, OpIndex op) {
  std::map<uint32_t, Value> seen;
  std::set<uint32_t> own;
  if (history.operation(op).outcome != Outcome::kOk) return {};
  for (const MicroOp& micro : history.micros(op)) {
    if (!IsRead(micro.kind)) own.insert(micro.key.code());
    if (micro.kind != MicroKind::kRead || !micro.known || own.contains(micro.key.code())) continue;
    seen[micro.key.code()] = micro.value;
  }
  return seen;
}

CheckReport NothingJudged(const History& history, uint32_t keys, const char* what) {
  CheckReport report;
  report.verdict = Verdict::kUndecided;
  report.undecided_reason = "no operation read all " + std::to_string(keys) + " " + what;
  report.stats.operations = history.size();
  return report;
}

}  // namespace

Result<CheckReport> CheckBankLaw(const History& history, const BankLaw& law) {
  if (law.accounts == 0) return Status(StatusCode::kInvalidArgument, "the bank law needs the number of accounts");
  AnomalyList anomalies(history);
  uint64_t judged = 0;
  for (OpIndex op = 0; op < history.size(); ++op) {
    const auto seen = KeysRead(history, op);
    if (seen.size() < law.accounts) continue;
    ++judged;
    __int128 total = 0;
    for (const auto& [key, value] : seen) {
      const std::string name = history.values().ToString(Value::FromCode(key));
      const auto balance = history.values().AsInt(value);
      if (!balance) {
        anomalies.Add("wrong-total", "account " + name + " holds " + history.values().ToString(value), {op});
      } else if (*balance < law.lowest) {
        anomalies.Add(
            "overdraft",
            "account " + name + " holds " + std::to_string(*balance) + ", less than " + std::to_string(law.lowest),
            {op});
      }
      total += balance.value_or(0);
    }
    if (total == law.total) continue;
    anomalies.Add("wrong-total",
                  "the accounts hold " + SumToText(total) + " together, not " + std::to_string(law.total), {op});
  }
  if (judged == 0) return NothingJudged(history, law.accounts, "accounts");
  return FinishLaw(history, anomalies);
}

Result<CheckReport> CheckCycleLaw(const History& history, const CycleLaw& law) {
  if (law.nodes == 0) return Status(StatusCode::kInvalidArgument, "the cycle law needs the number of nodes");
  AnomalyList anomalies(history);
  uint64_t judged = 0;
  for (OpIndex op = 0; op < history.size(); ++op) {
    const auto seen = KeysRead(history, op);
    if (seen.size() < law.nodes) continue;
    ++judged;
    const uint32_t first = seen.begin()->first;
    std::set<uint32_t> visited;
    uint32_t at = first;
    while (seen.contains(at) && visited.insert(at).second) at = seen.at(at).code();
    if (at == first && visited.size() == seen.size()) continue;
    anomalies.Add("broken-ring",
                  "from " + history.values().ToString(Value::FromCode(first)) + " the pointers " +
                      (seen.contains(at) ? "do not come back after all " : "leave the ") + std::to_string(seen.size()) +
                      " nodes",
                  {op});
  }
  if (judged == 0) return NothingJudged(history, law.nodes, "nodes");
  return FinishLaw(history, anomalies);
}

Result<CheckReport> CheckUniqueLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const OpsByKey by_key, SingleOpsByKey(history, {MicroKind::kTake}, "take"));
  for (const auto& [key, ops] : by_key) {
    FlatIndex values(ops.size());
    std::vector<OpIndex> taker;
    for (OpIndex op : ops) {
      if (!Answered(history, op)) continue;
      if (history.micros(op)[0].value.is_nil()) return Senseless(history, op, "nil is no identifier");
      const uint32_t n = values.FindOrAdd(history.micros(op)[0].value.code());
      if (n == taker.size()) {
        taker.push_back(op);
        continue;
      }
      anomalies.Add("duplicate-take", history.values().ToString(history.micros(op)[0].value) + " was handed out twice",
                    {taker[n], op});
    }
  }
  return FinishLaw(history, anomalies);
}

namespace {

/// Takes are greater than all before them, reads not smaller.
Status JudgeMonotonic(const History& history, const std::vector<OpIndex>& ops, AnomalyList& anomalies) {
  std::vector<Sighting> sightings;
  for (OpIndex op : ops) {
    if (!Answered(history, op) || history.operation(op).stale_read) continue;
    const MicroOp& micro = history.micros(op)[0];
    const auto value = history.values().AsInt(micro.value);
    if (!value) return Senseless(history, op, "the value is not an integer");
    sightings.push_back({.op = op, .value = *value, .gap = micro.kind == MicroKind::kTake ? 1 : 0});
  }
  JudgeOrder(history, sightings, anomalies);
  return Status::Ok();
}

}  // namespace

Result<CheckReport> CheckMonotonicLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const OpsByKey by_key,
                          SingleOpsByKey(history, {MicroKind::kTake, MicroKind::kRead}, "take and r"));
  for (const auto& [key, ops] : by_key) ORRERY_RETURN_IF_ERROR(JudgeMonotonic(history, ops, anomalies));
  return FinishLaw(history, anomalies);
}

}  // namespace orrery::check
