#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace orrery::check {

/// `check HISTORY --model M --level L`: reads a history file and judges it.
struct CheckCommandOptions {
  std::string history;          ///< Path; "-" is standard input.
  std::string format = "auto";  ///< json, edn or auto (by the file's first character and name).
  /// list-append, rw-register, register, cas-register, set, queue; or a law: set-law, counter, bank, cycle,
  /// unique, monotonic.
  std::string model;
  /// read-committed, snapshot-isolation, strong-session-snapshot-isolation, strong-snapshot-isolation,
  /// serializable, strong-session-serializable, strict-serializable, linearizable. Empty: the strictest the
  /// model knows.
  std::string level;
  std::string output = "table";  ///< table or json.
  std::string svg;               ///< Path for the first cycle as SVG; empty: none.
  std::string initial;           ///< Initial value of registers as JSON; empty: nil.
  bool linearizable_keys = false;
  uint64_t steps_max = 40'000'000;
  uint64_t memory_bytes_max = uint64_t{1} << 30;
  int64_t bank_total = 0;
  uint32_t bank_accounts = 0;
  uint32_t cycle_nodes = 0;
};

/// Exit codes of the command.
inline constexpr int kExitHolds = 0;
inline constexpr int kExitBadHistory = 1;  ///< Bad usage, unreadable or senseless history.
inline constexpr int kExitBroken = 10;     ///< Prints the anomaly's name and its witness.
inline constexpr int kExitUndecided = 15;

/// Runs the command; verdict and witness go to `out`, what is wrong with the input to `err`.
int RunCheckCommand(const CheckCommandOptions& options, std::ostream& out, std::ostream& err);

}  // namespace orrery::check
