#pragma once

#include <cstdint>

namespace orrery {

/// Watches a committer from outside: for oracles that compare what it promises with what the disk holds. Must not
/// change anything, nor suspend. Outlives it. Production has none.
class CommitObserver {
 public:
  virtual ~CommitObserver() = default;

  /// The first `batches` handed in with Durability::kSync are in the engine's log, none of them later than now.
  virtual void OnWritten(uint64_t batches) = 0;
  /// Whoever handed in the first `batches` of these is about to be told that they are on the disk.
  virtual void OnPromised(uint64_t batches) = 0;
};

}  // namespace orrery
