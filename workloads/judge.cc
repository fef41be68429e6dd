#include "workloads/judge.h"

#include <sstream>

#include "workloads/check/history_json.h"
#include "workloads/check/linearizability.h"

namespace orrery {

LawReport JudgeRegisters(const check::History& history) {
  const auto model = check::RegisterModel();
  const Result<check::CheckReport> report = check::CheckLinearizability(history, *model);
  if (!report.ok()) return LawReport::Undecided(report.status().ToString());
  switch (report->verdict) {
    case check::Verdict::kHolds: return LawReport::Holds();
    case check::Verdict::kUndecided: return LawReport::Undecided(report->undecided_reason);
    case check::Verdict::kBroken: break;
  }
  const check::Anomaly& gravest = report->anomalies.front();
  return LawReport::Broken(gravest.name, gravest.words);
}

std::string HistoryAsText(const check::History& history) {
  std::ostringstream text;
  check::WriteJsonHistory(history, text);
  return text.str();
}

}  // namespace orrery
