#pragma once

#include <string>

#include "workloads/check/history.h"
#include "workloads/workload.h"

namespace orrery {

/// The verdict of the linearizability checker on a history of registers, as a law report.
LawReport JudgeRegisters(const check::History& history);

/// The history as JSON lines.
std::string HistoryAsText(const check::History& history);

}  // namespace orrery
