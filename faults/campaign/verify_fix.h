#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/exit_codes.h"

namespace orrery::faults {

/// Whether a fix fixes: a capsule under many salts, on the program before and on the one after.
struct VerifyFixOptions {
  std::string capsule;
  std::string before;  ///< An orrery-sim without the fix.
  std::string after;   ///< One with it.
  uint64_t salts = 200;
  uint32_t jobs = 2;
  double cpu_limit = 120;  ///< Seconds of one run.
};

/// What a program showed under all salts.
struct SaltTally {
  uint64_t runs = 0;                           ///< That came to an end.
  uint64_t cut_off = 0;                        ///< That did not, or gave no report; not among `runs`.
  std::string cut_off_words;                   ///< Of the first of these.
  uint64_t same = 0;                           ///< Showed the capsule's signature.
  std::map<std::string, uint64_t> other;       ///< Failed in another way, by signature.
  sim::ExitCode gravest = sim::ExitCode::kOk;  ///< Of all failures.

  uint64_t failures() const;
};

/// 95 % interval of a rate (Wilson, 1927): `hits` of `runs`. [0, 1] without runs.
struct Interval {
  double low = 0;
  double high = 1;
};
Interval RateInterval(uint64_t hits, uint64_t runs);

/// kOk: it was seen before, and nothing fails after. kNotReproduced: it was not seen before, so that nothing is
/// shown. kUndecided: nothing fails after, but some runs did not come to an end, or none before did. Else the gravest
/// failure after.
sim::ExitCode JudgeFix(const SaltTally& before, const SaltTally& after);

/// Runs it and prints both rates. kUsage for a capsule that cannot be read, kHarness if a program cannot be started.
sim::ExitCode VerifyFix(const VerifyFixOptions& options);

}  // namespace orrery::faults
