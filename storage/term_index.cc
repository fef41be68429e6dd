#include "storage/term_index.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace orrery {

Result<Term> TermIndex::At(LogIndex index) const {
  if (index < base_) return Status(StatusCode::kCompacted, "entry " + ToString(index) + " is compacted");
  if (index > last_) return Status(StatusCode::kNotFound, "entry " + ToString(index) + " is behind the log");
  if (index == base_) return base_term_;
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                      [](LogIndex wanted, const Run& run) { return wanted < run.begin; });
  ORRERY_ASSERT(after != runs_.begin());
  return std::prev(after)->term;
}

void TermIndex::Reset(LogIndex index, Term term) {
  base_ = last_ = index;
  base_term_ = term;
  runs_.clear();
}

void TermIndex::Append(LogIndex index, Term term) {
  ORRERY_ASSERT(index == last_.Next());
  const Term last_term = runs_.empty() ? base_term_ : runs_.back().term;
  ORRERY_ASSERT(term >= last_term);
  if (runs_.empty() || runs_.back().term != term) runs_.push_back({index, term});
  last_ = index;
}

void TermIndex::TruncateTo(LogIndex last) {
  ORRERY_ASSERT(last >= base_);
  ORRERY_ASSERT(last <= last_);
  while (!runs_.empty() && runs_.back().begin > last) runs_.pop_back();
  last_ = last;
}

void TermIndex::CompactTo(LogIndex index) {
  ORRERY_ASSERT(index >= base_);
  const Result<Term> term = At(index);
  ORRERY_ASSERT(term.ok());
  base_term_ = term.value();
  base_ = index;
  while (runs_.size() > 1 && runs_[1].begin <= index.Next()) runs_.pop_front();
  if (base_ == last_) runs_.clear();
}

}  // namespace orrery
