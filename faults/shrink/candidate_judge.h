#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "faults/capsule/capsule.h"
#include "faults/shrink/tried_log.h"

namespace orrery::faults {

/// Runs candidates, several at a time; which of them finishes first is nobody's business.
class CandidateRunner {
 public:
  struct Done {
    uint64_t ticket = 0;
    bool fails = false;  ///< In the way that is wanted.
  };

  virtual ~CandidateRunner() = default;

  /// How many may be under way at once.
  virtual size_t jobs() const = 0;
  /// Requires: fewer than jobs() are under way, and no other has this ticket.
  virtual Status Start(uint64_t ticket, const std::string& capsule_text) = 0;
  /// Blocks until one of those under way has ended; nullopt: there is no more time, all are given up.
  virtual Result<std::optional<Done>> WaitAny() = 0;
  /// Ends one that is under way; it is not reported.
  virtual void Cancel(uint64_t ticket) = 0;
};

/// Which of several capsules still fails: the first in their order in the lowest variant, however long each takes.
/// So what a shrink does is a function of its capsule alone, unless it runs out of time.
class CandidateJudge {
 public:
  /// Both outlive the judge. `log` remembers what was tried in earlier starts too.
  CandidateJudge(CandidateRunner& runner, TriedLog& log) : runner_(runner), log_(log) {}

  /// Candidate by index; nullopt is left out.
  using Make = std::function<std::optional<Capsule>(size_t)>;
  struct Win {
    size_t index = 0;
    Capsule capsule;  ///< The variant that fails.
  };

  /// Tries all candidates as they are, then all as Variant() 1, 2 .. variants - 1. What does not validate is
  /// left out. Nullopt: none fails, or judging has ended.
  std::optional<Win> First(size_t count, const Make& make, uint64_t variants);

  /// There is no more time, or the runner or the log is broken: nothing fails any more.
  bool ended() const { return ended_; }
  /// Why, if something is broken.
  const Status& broken() const { return broken_; }
  uint64_t tried() const { return tried_; }

 private:
  struct Attempt {
    size_t index = 0;
    Capsule capsule;
    std::string key;
  };
  class Search;

  void End(Status status);

  CandidateRunner& runner_;
  TriedLog& log_;
  uint64_t next_ticket_ = 1;
  uint64_t tried_ = 0;
  bool ended_ = false;
  Status broken_;
};

}  // namespace orrery::faults
