#include "workloads/judge.h"

#include "workloads/check/linearizability.h"

namespace orrery {

LawReport ToLawReport(const Result<check::CheckReport>& report) {
  if (!report.ok()) return LawReport::Undecided(report.status().ToString());
  switch (report->verdict) {
    case check::Verdict::kHolds: return LawReport::Holds();
    case check::Verdict::kUndecided: return LawReport::Undecided(report->undecided_reason);
    case check::Verdict::kBroken: break;
  }
  const check::Anomaly& gravest = report->anomalies.front();
  return LawReport::Broken(gravest.name, gravest.words);
}

LawReport JudgeRegisters(const check::History& history) {
  return ToLawReport(check::CheckLinearizability(history, *check::RegisterModel()));
}

}  // namespace orrery
