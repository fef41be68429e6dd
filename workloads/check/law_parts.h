#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "workloads/check/history.h"
#include "workloads/check/report.h"
#include "workloads/check/txn_index.h"

namespace orrery::check {

// What the small laws (laws.h) share.

CheckReport FinishLaw(const History& history, AnomalyList& anomalies);
/// kInvalidArgument: the operation and what is wrong with it.
Status Senseless(const History& history, OpIndex op, const std::string& what);

/// Operations by key, each with one micro-operation, by invocation.
using OpsByKey = std::map<uint32_t, std::vector<OpIndex>>;
/// Sorts single operations whose kinds are allowed; failed ones are left out. `known` names the kinds, for people.
Result<OpsByKey> SingleOpsByKey(const History& history, std::initializer_list<MicroKind> kinds, const char* known);

/// Acknowledged with an answer.
bool Answered(const History& history, OpIndex op);

/// A sum of 64-bit numbers; the nearest one if it does not fit.
std::string SumToText(__int128 sum);

/// A value that an operation saw or reached. It must be at least `gap` above every value that had been seen
/// when the operation was invoked.
struct Sighting {
  OpIndex op = kNoOp;
  int64_t value = 0;
  int64_t gap = 0;
};
/// Adds "went-back" for every sighting below that. `sightings` are by invocation, of operations that returned.
void JudgeOrder(const History& history, const std::vector<Sighting>& sightings, AnomalyList& anomalies);

}  // namespace orrery::check
