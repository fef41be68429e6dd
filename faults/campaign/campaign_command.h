#pragma once

#include <functional>
#include <string>

#include "sim/exit_codes.h"

namespace CLI {
class App;
}

namespace orrery::faults {

/// Adds `campaign` to orrery-sim. When it is chosen, `action` becomes what it does.
void AddCampaign(CLI::App& app, const std::string& scenario_folder, std::function<sim::ExitCode()>& action);

/// Adds `verify-fix` likewise.
void AddVerifyFix(CLI::App& app, std::function<sim::ExitCode()>& action);

}  // namespace orrery::faults
