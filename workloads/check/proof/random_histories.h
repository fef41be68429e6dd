#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/random.h"
#include "workloads/check/proof/script.h"

namespace orrery::check {

/// What small histories to make for the linearizability checker.
enum class LinearKind : uint8_t { kRegister, kCasRegister, kBatch, kSet, kQueue };
std::string_view LinearKindName(LinearKind kind);

struct SmallHistoryOptions {
  uint32_t ops_max = 6;
  uint32_t concurrency_max = 4;
  uint32_t keys = 1;
  uint32_t values = 3;
  double unknown = 0.15;
  double fail = 0.05;
  double corrupt = 0.5;  ///< Chance that one answer is changed to another.
};

/// A history of a real object, then perhaps one wrong answer: about half of them are linearizable.
Script RandomLinearHistory(LinearKind kind, const SmallHistoryOptions& options, Random& random);

/// Changes one known read of a history of transactions, if there is one, so that it may be wrong.
void CorruptOneRead(Script& script, Random& random);

}  // namespace orrery::check
