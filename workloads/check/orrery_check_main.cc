// orrery-check: the check command as a program of its own.
#include <CLI/CLI.hpp>
#include <iostream>

#include "workloads/check/check_command.h"

int main(int argc, char** argv) {
  orrery::check::CheckCommandOptions options;
  CLI::App app{
      "Judges a history of operations.\nExit codes: 0 holds, 10 broken, 15 undecided, 1 bad history or usage."};
  app.add_option("history", options.history, "History file: JSON lines or Jepsen EDN; - is standard input")->required();
  app.add_option("--model", options.model,
                 "list-append, rw-register, register, cas-register, set, queue; "
                 "set-law, counter, bank, cycle, unique, monotonic")
      ->required();
  app.add_option(
      "--level", options.level,
      "read-committed, snapshot-isolation, strong-session-snapshot-isolation, strong-snapshot-isolation, "
      "serializable, strong-session-serializable, strict-serializable, linearizable (default: the strictest)");
  app.add_option("--format", options.format, "auto, json, edn");
  app.add_option("-o,--output", options.output, "table or json");
  app.add_option("--svg", options.svg, "Write the first cycle as SVG to this file");
  app.add_option("--initial", options.initial, "Initial value of registers, as JSON");
  app.add_flag("--linearizable-keys", options.linearizable_keys, "rw-register: versions of each key follow real time");
  app.add_option("--steps-max", options.steps_max, "Budget of the linearizability search, in model steps");
  app.add_option("--memory-max", options.memory_bytes_max, "Budget of the linearizability search, in bytes");
  app.add_option("--total", options.bank_total, "bank: the sum of all accounts");
  app.add_option("--accounts", options.bank_accounts, "bank: the number of accounts");
  app.add_option("--nodes", options.cycle_nodes, "cycle: the number of nodes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : orrery::check::kExitBadHistory;
  }
  return orrery::check::RunCheckCommand(options, std::cout, std::cerr);
}
