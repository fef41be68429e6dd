#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "workloads/check/linearizability.h"

namespace orrery::check {

/// Numbers states that are sequences of words, so that a configuration holds one number. Only grows.
class StateTable {
 public:
  StateTable();
  /// The number of `words`; equal sequences have equal numbers.
  StateId Intern(std::span<const uint32_t> words);
  /// Dies at the next Intern.
  std::span<const uint32_t> Words(StateId state) const {
    return {pool_.data() + begin_[state], begin_[state + 1] - begin_[state]};
  }
  size_t MemoryBytes() const;

 private:
  size_t Probe(std::span<const uint32_t> words) const;
  void Grow();

  std::vector<uint32_t> pool_;
  std::vector<uint64_t> begin_;
  std::vector<uint32_t> slots_;
};

}  // namespace orrery::check
