#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/fault_kind.h"
#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "workloads/workload.h"

namespace orrery::faults {

/// A closed range of spans; a value is drawn from it per use.
struct SpanRange {
  Duration low{};
  Duration high{};
};

/// One workload of a scenario.
struct WorkloadPlan {
  std::string name;
  WorkloadOptions options;
  /// Pause of a client between two operations. Default 5 to 50 ms.
  SpanRange pause{milliseconds(5), milliseconds(50)};
};

/// One kind of fault, again and again.
struct FaultPlan {
  FaultKind kind = FaultKind::kKill;
  Duration every = seconds(10);                    ///< Mean gap between two beginnings. 10 ms to 1 h.
  SpanRange lasts{milliseconds(100), seconds(5)};  ///< Drawn per fault. 0 to 1 h.
  /// Once `every` has passed, begin only at the next such moment, and this much behind it.
  std::optional<Moment> moment;
  SpanRange delay;        ///< Drawn per fault. 0 to 1 h.
  Aim aim = Aim::kUsual;  ///< Whom to hit, where the kind hits one store.
};

/// What one simulated run is made of: read from a TOML file, the same for every seed; what varies is drawn
/// from the seed by name.
struct Scenario {
  std::string name;  ///< Of the file, without its ending.
  std::string title;
  uint32_t stores_low = 3;                ///< 1 to 9.
  uint32_t stores_high = 3;               ///< Drawn per seed.
  uint32_t spare_stores = 0;              ///< Started new, not yet members. 0 to 3.
  Duration safety = seconds(60);          ///< How long faults and workloads run. 0 to 1 day.
  Duration liveness_limit = seconds(60);  ///< After healing, everything must have succeeded by then.
  uint64_t events_max = 50'000'000;       ///< More is "no progress".
  bool random_knobs = true;               ///< Ticks, batch and buffer sizes get extremes drawn per seed.
  bool lying_fsync = false;               ///< Disks whose fsync does nothing: a canary, a run that must fail.
  std::vector<WorkloadPlan> workloads;
  std::vector<FaultPlan> faults;
};

/// kInvalidArgument "file:line: key: what is wrong" for syntax, unknown keys and kinds, wrong types, values
/// out of range.
Result<Scenario> ParseScenario(std::string_view text, std::string_view file);

/// The file of a scenario: NAME.toml in `folder`; what ends in .toml is a path already.
std::string ScenarioPath(const std::string& name_or_path, const std::string& folder);
/// A scenario by name or by path, see ScenarioPath. kNotFound lists the names there are.
Result<Scenario> LoadScenario(const std::string& name_or_path, const std::string& folder);
/// What a line to paste says about where scenarios are found by name: " --scenarios-dir FOLDER"; nothing if that is the
/// same place as `usual`, or if `scenario` is a path.
std::string FolderOption(const std::string& scenario, const std::string& folder, const std::string& usual);
/// The names in a folder, sorted.
Result<std::vector<std::string>> ListScenarios(const std::string& folder);

}  // namespace orrery::faults
