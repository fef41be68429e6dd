#include "workloads/check/laws.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "workloads/check/flat_index.h"
#include "workloads/check/txn_index.h"

namespace orrery::check {

namespace {

CheckReport Finish(const History& history, AnomalyList& anomalies) {
  CheckReport report;
  report.anomalies = anomalies.Take();
  if (!report.anomalies.empty()) report.verdict = Verdict::kBroken;
  report.stats.operations = history.size();
  return report;
}

Status Senseless(const History& history, OpIndex op, const std::string& what) {
  return Status(StatusCode::kInvalidArgument, history.Describe(op) + ": " + what);
}

/// Operations by key, each with one micro-operation.
using ByKey = std::map<uint32_t, std::vector<OpIndex>>;

/// Sorts single operations whose kinds are allowed; failed ones are left out.
Result<ByKey> SingleOpsByKey(const History& history, std::initializer_list<MicroKind> kinds, const char* known) {
  ByKey by_key;
  for (OpIndex op = 0; op < history.size(); ++op) {
    const auto micros = history.micros(op);
    if (micros.size() != 1) return Senseless(history, op, "this law looks at operations of one step only");
    const bool allowed = std::find(kinds.begin(), kinds.end(), micros[0].kind) != kinds.end();
    if (!allowed && micros[0].known) return Senseless(history, op, std::string("this law knows ") + known + " only");
    if (history.operation(op).outcome == Outcome::kFail) continue;
    by_key[micros[0].key.code()].push_back(op);
  }
  return by_key;
}

bool Answered(const History& history, OpIndex op) {
  return history.operation(op).outcome == Outcome::kOk && history.micros(op)[0].known;
}

/// The adds and reads of one set.
class SetJudge {
 public:
  SetJudge(const History& history, const std::vector<OpIndex>& ops, AnomalyList& anomalies)
      : history_(history), anomalies_(anomalies) {
    for (OpIndex op : ops) {
      if (history.micros(op)[0].kind == MicroKind::kAdd) NoteAdd(op);
    }
    for (const Element& element : elements_) {
      if (element.acknowledged != kOpen) returns_.push_back(element.acknowledged);
    }
    std::sort(returns_.begin(), returns_.end());
    for (OpIndex op : ops) {
      if (IsRead(history.micros(op)[0].kind) && Answered(history, op)) JudgeRead(op);
    }
  }

 private:
  struct Element {
    OpIndex add = kNoOp;
    Instant invoked = kOpen;       // of the first add
    Instant acknowledged = kOpen;  // by the first return of an add
    OpIndex listed_by = kNoOp;
  };

  void NoteAdd(OpIndex op) {
    const uint32_t n = index_.FindOrAdd(history_.micros(op)[0].value.code());
    if (n == elements_.size()) elements_.emplace_back();
    Element& element = elements_[n];
    if (element.add == kNoOp) element.add = op;
    element.invoked = std::min(element.invoked, history_.operation(op).invoke);
    element.acknowledged = std::min(element.acknowledged, history_.operation(op).ret);
  }

  void JudgeRead(OpIndex read) {
    const Operation& operation = history_.operation(read);
    const auto due = std::lower_bound(returns_.begin(), returns_.end(), operation.invoke) - returns_.begin();
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
      met += elements_[n].acknowledged < operation.invoke ? 1 : 0;
    }
    if (met == due) return;
    for (const Element& element : elements_) {
      if (element.acknowledged >= operation.invoke || element.listed_by == read) continue;
      anomalies_.Add("lost-element", "a read lacks an element whose add had been acknowledged", {element.add, read});
    }
  }

  const History& history_;
  AnomalyList& anomalies_;
  FlatIndex index_;
  std::vector<Element> elements_;
  std::vector<Instant> returns_;
};

}  // namespace

Result<CheckReport> CheckSetLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const ByKey by_key,
                          SingleOpsByKey(history, {MicroKind::kAdd, MicroKind::kReadList}, "add and r [values]"));
  for (const auto& [key, ops] : by_key) SetJudge(history, ops, anomalies);
  return Finish(history, anomalies);
}

namespace {

/// Sums of deltas by an instant: how much had happened before, or could have.
class RunningSum {
 public:
  void Add(Instant at, int64_t delta) { entries_.push_back({at, delta}); }
  void Finish() {
    std::sort(entries_.begin(), entries_.end());
    for (size_t i = 1; i < entries_.size(); ++i) entries_[i].second += entries_[i - 1].second;
  }
  /// Of all entries with instant < at.
  int64_t Before(Instant at) const {
    const auto end = std::lower_bound(entries_.begin(), entries_.end(), std::pair{at, INT64_MIN});
    return end == entries_.begin() ? 0 : (end - 1)->second;
  }

 private:
  std::vector<std::pair<Instant, int64_t>> entries_;
};

Status JudgeCounter(const History& history, const std::vector<OpIndex>& ops, AnomalyList& anomalies) {
  // Ups and downs apart: what must have happened (by return), what may have (by invocation).
  RunningSum up_must, up_may, down_must, down_may;
  for (OpIndex op : ops) {
    const MicroOp& micro = history.micros(op)[0];
    if (micro.kind != MicroKind::kIncrement) continue;
    const auto delta = history.values().AsInt(micro.value);
    if (!delta) return Senseless(history, op, "the delta is not an integer");
    const Operation& operation = history.operation(op);
    (*delta > 0 ? up_may : down_may).Add(operation.invoke, *delta);
    (*delta > 0 ? up_must : down_must).Add(operation.ret, *delta);  // unknown: at no instant
  }
  for (RunningSum* sum : {&up_must, &up_may, &down_must, &down_may}) sum->Finish();
  for (OpIndex op : ops) {
    const MicroOp& micro = history.micros(op)[0];
    if (micro.kind != MicroKind::kRead || !Answered(history, op)) continue;
    const auto seen = micro.value.is_nil() ? std::optional<int64_t>(0) : history.values().AsInt(micro.value);
    const Operation& operation = history.operation(op);
    const Instant until = operation.ret + 1;  // an invocation at the instant of the return overlaps
    const int64_t low = up_must.Before(operation.invoke) + down_may.Before(until);
    const int64_t high = up_may.Before(until) + down_must.Before(operation.invoke);
    if (seen && *seen >= low && *seen <= high) continue;
    anomalies.Add("counter-out-of-bounds",
                  "the counter must be from " + std::to_string(low) + " to " + std::to_string(high), {op});
  }
  return Status::Ok();
}

}  // namespace

Result<CheckReport> CheckCounterLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const ByKey by_key,
                          SingleOpsByKey(history, {MicroKind::kIncrement, MicroKind::kRead}, "inc and r"));
  for (const auto& [key, ops] : by_key) ORRERY_RETURN_IF_ERROR(JudgeCounter(history, ops, anomalies));
  return Finish(history, anomalies);
}

namespace {

/// The keys an acknowledged operation read, each with what it saw last, sorted by key.
std::vector<std::pair<uint32_t, Value>> KeysRead(const History& history, OpIndex op) {
  std::map<uint32_t, Value> seen;
  if (history.operation(op).outcome != Outcome::kOk) return {};
  for (const MicroOp& micro : history.micros(op)) {
    if (micro.kind == MicroKind::kRead && micro.known) seen[micro.key.code()] = micro.value;
  }
  return {seen.begin(), seen.end()};
}

}  // namespace

Result<CheckReport> CheckBankLaw(const History& history, const BankLaw& law) {
  if (law.accounts == 0) return Status(StatusCode::kInvalidArgument, "the bank law needs the number of accounts");
  AnomalyList anomalies(history);
  for (OpIndex op = 0; op < history.size(); ++op) {
    const auto seen = KeysRead(history, op);
    if (seen.size() < law.accounts) continue;
    int64_t total = 0;
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
                  "the accounts hold " + std::to_string(total) + " together, not " + std::to_string(law.total), {op});
  }
  return Finish(history, anomalies);
}

Result<CheckReport> CheckCycleLaw(const History& history, const CycleLaw& law) {
  if (law.nodes == 0) return Status(StatusCode::kInvalidArgument, "the cycle law needs the number of nodes");
  AnomalyList anomalies(history);
  for (OpIndex op = 0; op < history.size(); ++op) {
    const auto seen = KeysRead(history, op);
    if (seen.size() < law.nodes) continue;
    const auto next = [&](uint32_t key) {
      const auto at =
          std::lower_bound(seen.begin(), seen.end(), key, [](const auto& a, uint32_t k) { return a.first < k; });
      return at != seen.end() && at->first == key ? std::optional<uint32_t>(at->second.code()) : std::nullopt;
    };
    uint32_t steps = 0;
    std::optional<uint32_t> at = seen[0].first;
    do {
      at = next(*at);
      ++steps;
    } while (at && *at != seen[0].first && steps < seen.size());
    if (at && *at == seen[0].first && steps == seen.size()) continue;
    anomalies.Add("broken-ring",
                  "from " + history.values().ToString(Value::FromCode(seen[0].first)) + " the pointers " +
                      (at ? "do not come back after all " : "leave the ") + std::to_string(seen.size()) + " nodes",
                  {op});
  }
  return Finish(history, anomalies);
}

Result<CheckReport> CheckUniqueLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const ByKey by_key, SingleOpsByKey(history, {MicroKind::kTake}, "take"));
  for (const auto& [key, ops] : by_key) {
    FlatIndex values(ops.size());
    std::vector<OpIndex> taker;
    for (OpIndex op : ops) {
      if (!Answered(history, op)) continue;
      const uint32_t n = values.FindOrAdd(history.micros(op)[0].value.code());
      if (n == taker.size()) {
        taker.push_back(op);
        continue;
      }
      anomalies.Add("duplicate-take", history.values().ToString(history.micros(op)[0].value) + " was handed out twice",
                    {taker[n], op});
    }
  }
  return Finish(history, anomalies);
}

namespace {

Status JudgeMonotonic(const History& history, const std::vector<OpIndex>& ops, AnomalyList& anomalies) {
  std::vector<OpIndex> by_return;
  for (OpIndex op : ops) {
    if (Answered(history, op) && !history.operation(op).stale_read) by_return.push_back(op);
  }
  const std::vector<OpIndex> by_invoke = by_return;
  const auto ret = [&](OpIndex op) { return history.operation(op).ret; };
  std::sort(by_return.begin(), by_return.end(), [&](OpIndex a, OpIndex b) { return ret(a) < ret(b); });
  size_t next = 0;
  OpIndex greatest = kNoOp;
  int64_t greatest_value = 0;
  for (OpIndex op : by_invoke) {
    const MicroOp& micro = history.micros(op)[0];
    const auto value = history.values().AsInt(micro.value);
    if (!value) return Senseless(history, op, "the value is not an integer");
    for (; next < by_return.size() && ret(by_return[next]) < history.operation(op).invoke; ++next) {
      const int64_t earlier = *history.values().AsInt(history.micros(by_return[next])[0].value);
      if (greatest != kNoOp && earlier <= greatest_value) continue;
      greatest = by_return[next];
      greatest_value = earlier;
    }
    if (greatest == kNoOp) continue;
    const bool strictly = micro.kind == MicroKind::kTake;
    if (strictly ? *value > greatest_value : *value >= greatest_value) continue;
    anomalies.Add("went-back",
                  std::to_string(*value) + " came after " + std::to_string(greatest_value) + " had returned",
                  {greatest, op});
  }
  return Status::Ok();
}

}  // namespace

Result<CheckReport> CheckMonotonicLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const ByKey by_key,
                          SingleOpsByKey(history, {MicroKind::kTake, MicroKind::kRead}, "take and r"));
  for (const auto& [key, ops] : by_key) ORRERY_RETURN_IF_ERROR(JudgeMonotonic(history, ops, anomalies));
  return Finish(history, anomalies);
}

}  // namespace orrery::check
