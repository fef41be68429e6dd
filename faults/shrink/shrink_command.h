#pragma once

#include <functional>
#include <string>

#include "sim/exit_codes.h"

namespace CLI {
class App;
}

namespace orrery::faults {

/// Adds `shrink` to orrery-sim. When it is chosen, `action` becomes what it does.
void AddShrink(CLI::App& app, const std::string& scenario_folder, std::function<sim::ExitCode()>& action);

}  // namespace orrery::faults
