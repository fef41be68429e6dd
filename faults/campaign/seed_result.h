#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace orrery::faults {

/// Whether the second run of a seed, in another process with memory placed and filled differently, was the same run.
enum class DoubleRun : uint8_t {
  kNone,     ///< There was none, or one of the two was cut off by a limit.
  kEqual,    ///< Same exit code, outcome, fingerprint and number of events.
  kDiffers,  ///< Nondeterminism.
};
/// "none", "equal", "differs".
std::string_view DoubleRunName(DoubleRun value);

/// What came of one seed of a campaign: one line of results.jsonl. That line has every field of `orrery-sim run
/// --json` and those below that are not the run's own; a field it lacks has its default here.
struct SeedResult {
  std::string scenario;
  uint64_t seed = 0;
  int exit_code = 0;        ///< sim::ExitCode, after classification and confirmation.
  std::string outcome;      ///< "ok", a law, or how it ended without a report ("cpu-limit").
  std::string words;        ///< For people.
  std::string fingerprint;  ///< Empty if the run did not come to its end.
  std::string signature;    ///< faults/signature.h, or what the campaign makes of a run without a report.
  DoubleRun double_run = DoubleRun::kNone;
  bool confirmed = false;     ///< The campaign's: a failure that its replay showed again.
  double spent_seconds = 0;   ///< The campaign's: CPU time of all runs of this seed.
  uint64_t memory_bytes = 0;  ///< The campaign's: peak of the first run.
  uint64_t events = 0;
  uint64_t acknowledged = 0;
  double cpu_seconds = 0;
  double virtual_seconds = 0;
  std::map<std::string, uint64_t> probes;
  std::map<std::string, uint64_t> faults;  ///< What really happened.
  std::map<std::string, uint64_t> plans;   ///< What the plan began.

  bool ok() const { return exit_code == 0; }
  /// False for a seed that has no result: a limit, a kill or a crash of the harness cut it off, or its two runs do not
  /// agree on more than that. It is reported, never counted.
  bool finished() const;
};

/// The result of a finished run from what `run --json` printed. kCorruption if that is no such object.
Result<SeedResult> ParseRunReport(std::string_view json);

/// One line, with its newline. `run_report` is what the run printed (kept field by field); empty if it printed none.
std::string ToResultLine(const SeedResult& result, std::string_view run_report);
/// The reverse. kCorruption for a line that is cut or no result.
Result<SeedResult> ParseResultLine(std::string_view line);

/// Whether two runs of one seed were the same run, as far as their reports tell.
bool SameRun(const SeedResult& a, const SeedResult& b);

}  // namespace orrery::faults
