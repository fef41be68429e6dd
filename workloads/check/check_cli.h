#pragma once

namespace CLI {
class App;
}

namespace orrery::check {

struct CheckCommandOptions;

/// Gives `command` the arguments of the check command; they are written into `options`, which outlives it.
void AddCheckOptions(CLI::App& command, CheckCommandOptions& options);

}  // namespace orrery::check
