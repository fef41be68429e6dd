#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  CLI::App app("Orrery: a replicated key-value database that also runs inside a deterministic simulator");
  app.set_version_flag("--version", std::string("orrery ") + orrery::cli::kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok; 1 usage or configuration; 2 key absent; 3 unavailable, no effect; 4 outcome unknown; "
      "5 storage; 6 refused; 10 law broken; 15 undecided.");
  orrery::cli::Action action;
  orrery::cli::AddStoreCommand(app, action);
  orrery::cli::AddDevCommand(app, action);
  orrery::cli::AddKvCommands(app, action);
  orrery::cli::AddControlCommands(app, action);
  orrery::cli::AddWorkloadCommands(app, action);
  orrery::cli::AddBenchCommand(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? orrery::cli::kExitOk : orrery::cli::kExitUsage;
  }
  return action();
}
