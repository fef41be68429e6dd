#pragma once

#include <string>

#include "faults/capsule/capsule.h"
#include "faults/simulation.h"
#include "sim/exit_codes.h"

namespace orrery::faults {

/// Whether a replay showed what its capsule promises.
struct ReplayVerdict {
  bool reproduced = false;
  bool same_build = false;  ///< Only then fingerprints can be compared.
  /// The same build, under the capsule's own choices, has another fingerprint: the capsule was edited since it was
  /// recorded, or the program is not deterministic.
  bool other_fingerprint = false;
  std::string expected;  ///< Signature that the capsule promises.
  std::string shown;     ///< Signature of the run.

  /// The code of the reproduced failure (kOk for a capsule that promises that all is well), else kNotReproduced; but
  /// kHarness and kUndecided stand: such a run showed nothing.
  sim::ExitCode ExitCode(const SimulationReport& report) const {
    const bool shows_nothing =
        report.exit_code == sim::ExitCode::kHarness || report.exit_code == sim::ExitCode::kUndecided;
    return reproduced || shows_nothing ? report.exit_code : sim::ExitCode::kNotReproduced;
  }
};

/// `own_choices`: the replay ran under the capsule's own choices. `this_build`: what it ran.
ReplayVerdict JudgeReplay(const Capsule& capsule, const SimulationReport& report, bool own_choices,
                          const BuildId& this_build);

/// The report of a replay as one JSON object: that of the run, with what the verdict adds, the kinds of fault and
/// operation in the capsule, and what they hint at.
std::string ReplayJson(const Capsule& capsule, const SimulationReport& report, const ReplayVerdict& verdict);
/// The same for people.
std::string ReplayText(const SimulationReport& report, const ReplayVerdict& verdict);

}  // namespace orrery::faults
