#pragma once

#include <deque>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace orrery {

/// Terms of a log by position, as runs: a log has few terms, so this is small. Pure.
class TermIndex {
 public:
  /// The position before the first entry (compacted), and its term.
  LogIndex base() const { return base_; }
  Term base_term() const { return base_term_; }
  LogIndex last() const { return last_; }
  /// Defined in [base(), last()]; kCompacted below, kNotFound above.
  Result<Term> At(LogIndex index) const;

  /// Forgets everything; the log is empty behind (index, term).
  void Reset(LogIndex index, Term term);
  /// Requires: index == last() + 1, term >= the last term.
  void Append(LogIndex index, Term term);
  /// Forgets entries behind `last`. Requires: base() <= last <= last().
  void TruncateTo(LogIndex last);
  /// Moves the base up. Requires: base() <= index <= last().
  void CompactTo(LogIndex index);
  size_t run_count() const { return runs_.size(); }

 private:
  struct Run {
    LogIndex begin;
    Term term;
  };

  LogIndex base_;
  Term base_term_;
  LogIndex last_;
  std::deque<Run> runs_;  ///< Of the entries behind base_, ascending.
};

}  // namespace orrery
