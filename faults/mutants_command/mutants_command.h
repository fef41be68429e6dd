#pragma once

#include <functional>
#include <string>

#include "sim/exit_codes.h"

namespace CLI {
class App;
}

namespace orrery::faults {

/// Adds `mutants` to orrery-sim: hunts planted bugs by becoming ci/mutants of the checkout that `scenario_folder` is
/// part of, which builds them. kUsage if there is none.
void AddMutants(CLI::App& app, const std::string& scenario_folder, std::function<sim::ExitCode()>& action);

}  // namespace orrery::faults
