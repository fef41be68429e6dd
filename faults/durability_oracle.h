#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime/base/ids.h"
#include "storage/commit_observer.h"

namespace orrery::sim {
class SimDisk;
}  // namespace orrery::sim

namespace orrery::faults {

/// Holds every store to what its committer says is on the disk: the simulated disk knows what a power loss would leave
/// at that very moment. So a broken promise is seen when it is made, and not only if the power happens to fail before
/// the next sync mends it.
///
///   promise-not-durable   what a store acknowledges as durable would survive a power loss now
class DurabilityOracle {
 public:
  using Break = std::function<void(std::string law, std::string words)>;

  /// `broken` is called for every broken promise.
  explicit DurabilityOracle(Break broken);
  ~DurabilityOracle();

  /// The eyes on one store's committer, for the boot that begins now. `disk` is the store's; it and the oracle outlive
  /// the boot.
  CommitObserver* Watch(StoreId store, const sim::SimDisk& disk);

 private:
  class Eyes;

  Break broken_;
  std::map<StoreId, std::unique_ptr<Eyes>> eyes_;
};

}  // namespace orrery::faults
