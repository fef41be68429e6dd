#pragma once

#include <span>
#include <vector>

#include "workloads/check/linearizability.h"

namespace orrery::check {

/// The parts of a history that share no object, each with its operations by invocation. Failed operations
/// and reads without an answer are left out: they cannot break anything.
class Partition {
 public:
  Partition(const History& history, const ModelSpec& spec);
  size_t size() const { return begin_.size() - 1; }
  std::span<const OpIndex> part(size_t i) const { return {ops_.data() + begin_[i], begin_[i + 1] - begin_[i]}; }
  size_t MemoryBytes() const { return ops_.capacity() * sizeof(OpIndex) + begin_.capacity() * sizeof(uint32_t); }

 private:
  std::vector<OpIndex> ops_;
  std::vector<uint32_t> begin_;
};

}  // namespace orrery::check
