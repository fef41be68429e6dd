#pragma once

#include <array>
#include <cstdint>

#include "runtime/base/random.h"
#include "sim/disk/disk_fault.h"

namespace orrery::sim {

/// Which operations shall fail: one rate per fault and class of paths.
class FaultRules {
 public:
  void Set(DiskFault fault, PathClass path_class, FaultRate rate);
  void Clear();
  /// Decides one operation. `random` is keyed by the operation's name.
  bool Fires(DiskFault fault, PathClass path_class, Random random);
  /// False if no rule is in force: the fast path.
  bool any() const { return active_ > 0; }

 private:
  static constexpr int kRuleCount = static_cast<int>(DiskFault::kNoSpace) + 1;
  std::array<std::array<FaultRate, kPathClassCount>, kRuleCount> rates_{};
  int active_ = 0;
};

}  // namespace orrery::sim
