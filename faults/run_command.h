#pragma once

#include <functional>
#include <string>

#include "sim/exit_codes.h"

namespace CLI {
class App;
}

namespace orrery::faults {

/// Adds `run` to orrery-sim: one seed of a scenario. When it is chosen, `action` becomes what it does.
void AddRun(CLI::App& app, const std::string& scenario_folder, std::function<sim::ExitCode()>& action);
/// Adds `replay`: a capsule.
void AddReplay(CLI::App& app, std::function<sim::ExitCode()>& action);

}  // namespace orrery::faults
