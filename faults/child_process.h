#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace orrery::faults {

/// What became of a child process.
struct ChildResult {
  int exit_code = 0;   ///< Of the process; 128 + n if signal n ended it.
  std::string output;  ///< Its standard output.
};

/// A child with its own arguments and some more environment ("NAME=value"); standard error is shared. It begins at
/// once; Wait() ends it. For the harness only.
class ChildProcess {
 public:
  /// kIoError if it could not be started.
  static Result<ChildProcess> Start(const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& environment);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills it if nobody waited.
  ~ChildProcess();

  /// Reads its output to the end and waits. Blocks.
  ChildResult Wait();

 private:
  ChildProcess(int pid, int output) : pid_(pid), output_(output) {}

  int pid_;
  int output_;
};

}  // namespace orrery::faults
