#include "workloads/check/report.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace orrery::check {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds: return "holds";
    case Verdict::kBroken: return "broken";
    case Verdict::kUndecided: return "undecided";
  }
  ORRERY_UNREACHABLE("verdict");
}

std::string_view DependencyName(Dependency dependency) {
  switch (dependency) {
    case Dependency::kWriteWrite: return "ww";
    case Dependency::kWriteRead: return "wr";
    case Dependency::kReadWrite: return "rw";
    case Dependency::kSession: return "session";
    case Dependency::kRealTime: return "real-time";
  }
  ORRERY_UNREACHABLE("dependency");
}

bool CheckReport::Has(std::string_view anomaly_name) const {
  return std::any_of(anomalies.begin(), anomalies.end(), [&](const Anomaly& a) { return a.name == anomaly_name; });
}

std::string CheckReport::ToString() const {
  std::string out(VerdictName(verdict));
  if (!undecided_reason.empty()) out += ": " + undecided_reason;
  out += '\n';
  for (const Anomaly& anomaly : anomalies) {
    out += anomaly.name + '\n' + anomaly.words;
    if (!anomaly.words.empty() && anomaly.words.back() != '\n') out += '\n';
  }
  return out;
}

}  // namespace orrery::check
