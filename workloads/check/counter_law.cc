#include <algorithm>
#include <optional>
#include <vector>

#include "workloads/check/law_parts.h"
#include "workloads/check/laws.h"

namespace orrery::check {

namespace {

/// Wide enough for the sum of any history.
using Sum = __int128;

/// Sums of deltas by an instant: how much had happened before, or could have.
class RunningSum {
 public:
  void Add(Instant at, int64_t delta) { entries_.emplace_back(at, delta); }
  void Finish() {
    const auto earlier = [](const Entry& a, const Entry& b) { return a.first < b.first; };
    std::sort(entries_.begin(), entries_.end(), earlier);
    for (size_t i = 1; i < entries_.size(); ++i) entries_[i].second += entries_[i - 1].second;
  }
  /// Of all entries with instant < at.
  Sum Before(Instant at) const {
    const auto end =
        std::partition_point(entries_.begin(), entries_.end(), [at](const Entry& entry) { return entry.first < at; });
    return end == entries_.begin() ? 0 : (end - 1)->second;
  }

 private:
  using Entry = std::pair<Instant, Sum>;
  std::vector<Entry> entries_;
};

/// The increments and reads of one counter.
class CounterJudge {
 public:
  CounterJudge(const History& history, AnomalyList& anomalies) : history_(history), anomalies_(anomalies) {}

  Status Judge(const std::vector<OpIndex>& ops) {
    for (OpIndex op : ops) {
      if (history_.micros(op)[0].kind == MicroKind::kIncrement) ORRERY_RETURN_IF_ERROR(NoteIncrement(op));
    }
    for (RunningSum* sum : {&up_must_, &up_may_, &down_must_, &down_may_}) sum->Finish();
    if (!goes_down_) JudgeClaims(ops);  // First: a double claim also takes the counter out of its bounds.
    for (OpIndex op : ops) JudgeAnswer(op);
    if (!goes_down_) JudgeOrder(history_, sightings_, anomalies_);
    return Status::Ok();
  }

 private:
  /// Ups and downs apart: what must have happened (by return), what may have (by invocation).
  Status NoteIncrement(OpIndex op) {
    const auto delta = history_.values().AsInt(history_.micros(op)[0].value);
    if (!delta) return Senseless(history_, op, "the delta is not an integer");
    const Operation& operation = history_.operation(op);
    (*delta > 0 ? up_may_ : down_may_).Add(operation.invoke, *delta);
    (*delta > 0 ? up_must_ : down_must_).Add(operation.ret, *delta);  // unknown: at no instant
    goes_down_ = goes_down_ || *delta < 0;
    return Status::Ok();
  }

  /// What a read saw or an increment says it reached; nullopt if nothing was told.
  std::optional<Value> Answer(OpIndex op) const {
    if (!Answered(history_, op)) return std::nullopt;
    const MicroOp& micro = history_.micros(op)[0];
    if (micro.kind == MicroKind::kRead) return micro.value;
    return micro.expected.is_nil() ? std::nullopt : std::optional(micro.expected);
  }
  std::optional<int64_t> Number(Value answer) const { return answer.is_nil() ? 0 : history_.values().AsInt(answer); }
  int64_t OwnDelta(OpIndex op) const {
    const MicroOp& micro = history_.micros(op)[0];
    return micro.kind == MicroKind::kIncrement ? history_.values().AsInt(micro.value).value() : 0;
  }

  /// Every answer lies within the bounds.
  void JudgeAnswer(OpIndex op) {
    const std::optional<Value> answer = Answer(op);
    if (!answer) return;
    const std::optional<int64_t> seen = Number(*answer);
    const int64_t own = OwnDelta(op);
    const Operation& operation = history_.operation(op);
    const Instant from = operation.stale_read ? 0 : operation.invoke;
    const Instant until = operation.ret + 1;  // an invocation at the instant of the return overlaps
    const Sum low = up_must_.Before(from) + down_may_.Before(until) + std::max<int64_t>(own, 0);
    const Sum high = up_may_.Before(until) + down_must_.Before(from) + std::min<int64_t>(own, 0);
    if (!seen || *seen < low || *seen > high) {
      anomalies_.Add("counter-out-of-bounds", "the counter must be from " + SumToText(low) + " to " + SumToText(high),
                     {op});
      return;
    }
    if (!operation.stale_read) sightings_.push_back({.op = op, .value = *seen, .gap = own});
  }

  /// A counter that only goes up reaches each value once: the ranges of two increments do not overlap.
  void JudgeClaims(const std::vector<OpIndex>& ops) {
    std::vector<Sighting> claims;
    for (OpIndex op : ops) {
      const std::optional<Value> answer = Answer(op);
      const std::optional<int64_t> reached = answer ? Number(*answer) : std::nullopt;
      if (reached && OwnDelta(op) > 0) claims.push_back({.op = op, .value = *reached, .gap = OwnDelta(op)});
    }
    std::stable_sort(claims.begin(), claims.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    for (size_t i = 1; i < claims.size(); ++i) {
      if (__int128{claims[i].value} - claims[i].gap >= claims[i - 1].value) continue;
      anomalies_.Add("double-claim", "two increments both counted the step to " + std::to_string(claims[i - 1].value),
                     {std::min(claims[i - 1].op, claims[i].op), std::max(claims[i - 1].op, claims[i].op)});
    }
  }

  const History& history_;
  AnomalyList& anomalies_;
  RunningSum up_must_, up_may_, down_must_, down_may_;
  bool goes_down_ = false;
  std::vector<Sighting> sightings_;  ///< Within the bounds, by invocation.
};

}  // namespace

Result<CheckReport> CheckCounterLaw(const History& history) {
  AnomalyList anomalies(history);
  ORRERY_ASSIGN_OR_RETURN(const OpsByKey by_key,
                          SingleOpsByKey(history, {MicroKind::kIncrement, MicroKind::kRead}, "inc and r"));
  for (const auto& [key, ops] : by_key) ORRERY_RETURN_IF_ERROR(CounterJudge(history, anomalies).Judge(ops));
  return FinishLaw(history, anomalies);
}

}  // namespace orrery::check
