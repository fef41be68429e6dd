#pragma once

#include <cstdint>
#include <string>

#include "sim/exit_codes.h"

namespace orrery::faults {

/// A check that seeds mean runs.
struct DeterminismOptions {
  std::string scenario = "everything";
  std::string scenario_folder;
  std::string folder_option;  ///< FolderOption(), for lines to paste.
  uint64_t seed_first = 1;
  uint64_t seed_last = 20;
  uint32_t jobs = 2;          ///< Seeds under way at once; each is two processes, one after the other.
  std::string other_program;  ///< The second run is made by this program (another build), if not empty.
};

/// Runs every seed twice, in two processes with allocators that place and fill memory differently. Prints one line per
/// difference, naming the first event that differs, and a summary. kOk, kNondeterminism or kHarness. A seed that
/// breaks a law in both runs alike is no difference.
sim::ExitCode CheckDeterminism(const DeterminismOptions& options);

}  // namespace orrery::faults
