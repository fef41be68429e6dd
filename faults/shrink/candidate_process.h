#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace orrery::faults {

/// Most that a candidate may take; beyond it, it does not count.
struct CandidateLimits {
  double cpu_seconds = 10;
  double seconds = 120;
};

/// A child that runs one capsule: silent on standard error, limited in time, ended when this ends. Its output is read
/// piece by piece, so that several can be awaited at once.
class CandidateProcess {
 public:
  /// kIoError if it could not be started.
  static Result<CandidateProcess> Start(const std::vector<std::string>& arguments, const CandidateLimits& limits);
  CandidateProcess(CandidateProcess&& other) noexcept;
  CandidateProcess& operator=(CandidateProcess&& other) noexcept;
  ~CandidateProcess();

  /// Readable when there is output, or its end.
  int descriptor() const { return output_; }
  /// Reads what there is. True: it has ended; exit_code() and text() are whole.
  bool Read();
  /// Reads until it has ended. False: it is overdue, or there was an interrupt. Blocks.
  bool AwaitEnd();
  /// It has run for longer than the limit.
  bool Overdue() const;

  /// 128 + n if signal n ended it.
  int exit_code() const { return exit_code_; }
  const std::string& text() const { return text_; }

 private:
  CandidateProcess(pid_t pid, int output, double deadline) : pid_(pid), output_(output), deadline_(deadline) {}
  void Kill();

  pid_t pid_;
  int output_;
  double deadline_;
  int exit_code_ = 0;
  std::string text_;
};

/// Seconds on a clock that only goes forward.
double MonotonicSeconds();
/// CPU time of all children that have ended.
double ChildrenCpuSeconds();

/// From now on SIGINT and SIGTERM only say that there is no more time.
void CatchInterrupts();
bool Interrupted();

}  // namespace orrery::faults
