#include "workloads/check/check_cli.h"

#include <CLI/CLI.hpp>

#include "workloads/check/check_command.h"

namespace orrery::check {

void AddCheckOptions(CLI::App& command, CheckCommandOptions& options) {
  command.add_option("history", options.history, "History file: JSON lines or Jepsen EDN; - is standard input")
      ->required();
  command
      .add_option("--model", options.model,
                  "list-append, rw-register, register, cas-register, set, queue; "
                  "set-law, counter, bank, cycle, unique, monotonic")
      ->required();
  command.add_option(
      "--level", options.level,
      "read-committed, snapshot-isolation, strong-session-snapshot-isolation, strong-snapshot-isolation, "
      "serializable, strong-session-serializable, strict-serializable, linearizable (default: the strictest)");
  command.add_option("--format", options.format, "auto, json, edn");
  command.add_option("-o,--output", options.output, "table or json");
  command.add_option("--svg", options.svg, "Write the first cycle as SVG to this file");
  command.add_option("--initial", options.initial, "Initial value of registers, as JSON");
  command.add_flag("--linearizable-keys", options.linearizable_keys,
                   "rw-register: versions of each key follow real time");
  command.add_option("--steps-max", options.steps_max, "Budget of the linearizability search, in model steps");
  command.add_option("--memory-max", options.memory_bytes_max, "Budget of the linearizability search, in bytes");
  command.add_option("--total", options.bank_total, "bank: the sum of all accounts");
  command.add_option("--accounts", options.bank_accounts, "bank: the number of accounts");
  command.add_option("--nodes", options.cycle_nodes, "cycle: the number of nodes");
}

}  // namespace orrery::check
