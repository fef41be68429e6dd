// orrery-check: the check command as a program of its own.
#include <CLI/CLI.hpp>
#include <iostream>

#include "workloads/check/check_cli.h"
#include "workloads/check/check_command.h"

int main(int argc, char** argv) {
  orrery::check::CheckCommandOptions options;
  CLI::App app{
      "Judges a history of operations.\nExit codes: 0 holds, 10 broken, 15 undecided, 1 bad history or usage."};
  orrery::check::AddCheckOptions(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : orrery::check::kExitBadHistory;
  }
  return orrery::check::RunCheckCommand(options, std::cout, std::cerr);
}
