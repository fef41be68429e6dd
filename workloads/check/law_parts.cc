#include "workloads/check/law_parts.h"

#include <algorithm>

namespace orrery::check {

CheckReport FinishLaw(const History& history, AnomalyList& anomalies) {
  CheckReport report;
  report.anomalies = anomalies.Take();
  if (!report.anomalies.empty()) report.verdict = Verdict::kBroken;
  report.stats.operations = history.size();
  return report;
}

Status Senseless(const History& history, OpIndex op, const std::string& what) {
  return Status(StatusCode::kInvalidArgument, history.Describe(op) + ": " + what);
}

Result<OpsByKey> SingleOpsByKey(const History& history, std::initializer_list<MicroKind> kinds, const char* known) {
  OpsByKey by_key;
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

std::string SumToText(__int128 sum) {
  constexpr __int128 kMin = INT64_MIN;
  constexpr __int128 kMax = INT64_MAX;
  return std::to_string(static_cast<int64_t>(std::clamp(sum, kMin, kMax)));
}

void JudgeOrder(const History& history, const std::vector<Sighting>& sightings, AnomalyList& anomalies) {
  std::vector<Sighting> by_return = sightings;
  const auto ret = [&](const Sighting& sighting) { return history.operation(sighting.op).ret; };
  std::sort(by_return.begin(), by_return.end(), [&](const auto& a, const auto& b) { return ret(a) < ret(b); });
  const Sighting* greatest = nullptr;
  size_t next = 0;
  for (const Sighting& sighting : sightings) {
    // Ends at this sighting itself, if not before: it returned after its invocation.
    for (; ret(by_return[next]) < history.operation(sighting.op).invoke; ++next) {
      if (greatest == nullptr || by_return[next].value > greatest->value) greatest = &by_return[next];
    }
    if (greatest == nullptr || __int128{sighting.value} - sighting.gap >= greatest->value) continue;
    anomalies.Add("went-back",
                  std::to_string(sighting.value) + " came after " + std::to_string(greatest->value) + " had returned",
                  {greatest->op, sighting.op});
  }
}

}  // namespace orrery::check
