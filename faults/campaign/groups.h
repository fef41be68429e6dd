#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "faults/campaign/seed_result.h"

namespace orrery::faults {

/// What a shrunk run of a failing seed looks like.
struct MinimalRun {
  std::string scenario;
  uint64_t seed = 0;
  std::vector<std::string> kinds;  ///< Of faults and operations in it: sorted, each once.
  std::string hint;                ///< CauseHint() of it.
  std::string story;               ///< For people.
  std::string capsule;             ///< Path of the capsule, or empty.
};

/// Failures with one symptom whose minimal runs have one CauseHint().
struct FailureKind {
  std::string kinds;  ///< "kill, power_loss, put", of the cheapest; empty: those not shrunk.
  std::string story;
  std::string capsule;
  std::vector<size_t> seeds;  ///< Indices of results, the cheapest first.
};

/// Failures with one symptom.
struct FailureGroup {
  std::string signature;
  int exit_code = 0;
  std::string outcome;
  std::vector<size_t> seeds;       ///< Indices of results, the cheapest first.
  std::vector<FailureKind> kinds;  ///< By their minimal runs; those not shrunk last.
};

/// Groups the failures among `results` by signature, then by what is left after shrinking. Graver exit codes (the
/// lower) first, then the more frequent, then by name. A function of the sets, not of their order.
std::vector<FailureGroup> GroupFailures(const std::vector<SeedResult>& results,
                                        const std::vector<MinimalRun>& minimal_runs);

}  // namespace orrery::faults
