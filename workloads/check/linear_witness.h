#pragma once

#include <span>
#include <string>
#include <vector>

#include "workloads/check/linear_search.h"
#include "workloads/check/linearizability.h"

namespace orrery::check {

/// Some operations of one part, by invocation. An operation may be cut: open although it returned later.
struct SubHistory {
  std::vector<OpIndex> ops;
  std::vector<Instant> ret;
};

SubHistory WholePart(const History& history, std::span<const OpIndex> ops);

/// Leaves out drop groups that consist of open operations only: nobody saw them, so they need not happen.
SubHistory DropOpenGroups(const History& history, const ModelSpec& spec, SubHistory part);

SearchResult SearchSubHistory(const History& history, const ModelSpec& spec, const SubHistory& part, bool projected,
                              ConfigurationSet& seen, SearchBudget& budget);

/// The witness for a part in which `stuck` (an index into part.ops) can never return: cuts the part at that
/// return, then leaves out reads and whole drop groups, in shrinking chunks, as long as it stays broken.
Anomaly MinimalConflict(const History& history, const ModelSpec& spec, const SubHistory& part, uint32_t stuck,
                        ConfigurationSet& seen, SearchBudget& budget);

/// The anomaly "nonlinearizable" with `ops` as its witness.
Anomaly DescribeConflict(const History& history, std::vector<OpIndex> ops);

/// "key x" or "keys x, y, ...".
std::string DescribeKeys(const History& history, std::span<const OpIndex> ops);

}  // namespace orrery::check
