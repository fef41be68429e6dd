#pragma once

#include "runtime/base/status.h"
#include "workloads/check/history.h"
#include "workloads/check/report.h"
#include "workloads/workload.h"

namespace orrery {

/// What a checker said, as a law report: the gravest anomaly. A history that makes no sense to the checker is
/// undecided.
LawReport ToLawReport(const Result<check::CheckReport>& report);

/// The verdict of the linearizability checker on a history of registers and of batches of them.
LawReport JudgeRegisters(const check::History& history);

}  // namespace orrery
