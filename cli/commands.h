#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace orrery::cli {

/// What the chosen subcommand does, set by its callback. Returns the exit code.
using Action = std::function<int()>;

/// Each adds its subcommands to `app`; the one that is chosen on the command line fills `action`.
void AddStoreCommand(CLI::App& app, Action& action);
void AddDevCommand(CLI::App& app, Action& action);
void AddKvCommands(CLI::App& app, Action& action);
void AddControlCommands(CLI::App& app, Action& action);
void AddWorkloadCommands(CLI::App& app, Action& action);
void AddBenchCommand(CLI::App& app, Action& action);

struct SessionOptions;
/// The options every cluster command has: --config, --timeout, -o.
void AddSessionOptions(CLI::App& command, SessionOptions& options);

}  // namespace orrery::cli
