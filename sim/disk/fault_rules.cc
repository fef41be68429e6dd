#include "sim/disk/fault_rules.h"

#include "runtime/base/assert.h"

namespace orrery::sim {

void FaultRules::Set(DiskFault fault, PathClass path_class, FaultRate rate) {
  const int row = static_cast<int>(fault);
  ORRERY_ASSERT_THAT(row < kRuleCount, "only faults that fail operations have a rate");
  FaultRate& slot = rates_[row][static_cast<size_t>(path_class)];
  active_ -= slot.probability > 0 ? 1 : 0;
  slot = rate;
  active_ += slot.probability > 0 ? 1 : 0;
}

void FaultRules::Clear() {
  rates_ = {};
  active_ = 0;
}

bool FaultRules::Fires(DiskFault fault, PathClass path_class, Random random) {
  if (active_ == 0) return false;
  FaultRate& rate = rates_[static_cast<size_t>(fault)][static_cast<size_t>(path_class)];
  if (rate.probability <= 0 || rate.times_max == 0) return false;
  if (!random.Split(DiskFaultName(fault)).Chance(rate.probability)) return false;
  --rate.times_max;
  return true;
}

}  // namespace orrery::sim
