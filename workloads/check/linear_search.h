#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "workloads/check/linearizability.h"

namespace orrery::check {

/// One operation of a part, as the search sees it.
struct SearchOp {
  Instant invoke = 0;
  Instant ret = kOpen;       ///< kOpen: may take effect at any time later, or never.
  uint32_t same_as = kNoOp;  ///< An earlier open operation with the same effect: it goes first.
};

struct SearchResult {
  Verdict verdict = Verdict::kHolds;
  std::vector<uint32_t> order;   ///< kHolds: the operations in the order of their effects.
  uint32_t stuck = kNoOp;        ///< kBroken: no order of effects lets this operation return.
  std::string undecided_reason;  ///< kUndecided.
};

/// What a search may still spend; shared by the parts of a history.
struct SearchBudget {
  uint64_t steps_left = 0;
  uint64_t memory_bytes_max = 0;
  uint64_t memory_bytes_peak = 0;
};

/// Memoised configurations: an open-addressing set of 128-bit hashes.
class ConfigurationSet {
 public:
  ConfigurationSet();
  void Clear();
  /// True if new. Grows; the caller watches MemoryBytes().
  bool Insert(uint64_t low, uint64_t high);
  size_t MemoryBytes() const { return slots_.size() * sizeof(Slot); }
  size_t size() const { return used_; }

 private:
  struct Slot {
    uint64_t low = 0;
    uint64_t high = 0;
  };
  void Grow();
  size_t Probe(uint64_t low, uint64_t high) const;

  std::vector<Slot> slots_;
  size_t used_ = 0;
};

/// Depth-first search for an order of effects (see linearizability.h). `ops` are by invocation. `seen` is
/// scratch memory. The search holds one list of events: calls and returns of operations without effect yet;
/// the calls before the first return are the operations that may take effect next.
SearchResult SearchOrder(Model& model, std::span<const SearchOp> ops, ConfigurationSet& seen, SearchBudget& budget);

}  // namespace orrery::check
