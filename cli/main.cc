#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/version.h"

namespace {

/// The first word that should be a command and is none, explained; empty if there is no such word.
std::string UnknownCommand(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty() || argv[i][0] == '-') return "";
    const CLI::App* next = nullptr;
    std::string names;
    for (const CLI::App* command : commands) {
      if (command->get_name() == argv[i]) next = command;
      names += (names.empty() ? "" : ", ") + command->get_name();
    }
    if (next == nullptr) return "no command \"" + std::string(argv[i]) + "\"; there are " + names;
    at = next;
  }
  return "";
}

}  // namespace

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
    const std::string unknown = error.get_exit_code() == 0 ? "" : UnknownCommand(app, argc, argv);
    if (!unknown.empty()) {
      std::fprintf(stderr, "orrery: %s\nRun with --help for more information.\n", unknown.c_str());
      return orrery::cli::kExitUsage;
    }
    return app.exit(error) == 0 ? orrery::cli::kExitOk : orrery::cli::kExitUsage;
  }
  return action();
}
