#include "faults/durability_oracle.h"

#include <fmt/core.h>

#include <deque>
#include <optional>
#include <utility>

#include "sim/disk/sim_disk.h"

namespace orrery::faults {

class DurabilityOracle::Eyes final : public CommitObserver {
 public:
  Eyes(const Break& broken, StoreId store, const sim::SimDisk& disk) : broken_(broken), store_(store), disk_(disk) {}

  void OnWritten(uint64_t batches) override { written_.push_back({batches, disk_.EndOfLogs()}); }

  void OnPromised(uint64_t batches) override {
    std::optional<Written> last;
    while (!written_.empty() && written_.front().batches <= batches) {
      last = written_.front();
      written_.pop_front();
    }
    if (!last) return;
    const std::optional<std::string> losable = disk_.LosableBefore(last->end);
    if (!losable) return;
    broken_(
        "promise-not-durable",
        fmt::format("store {} says that its first {} synced batches are on the disk; a power loss now could take {}",
                    store_.value(), last->batches, *losable));
  }

 private:
  /// Where the engine's logs ended when so many batches were in.
  struct Written {
    uint64_t batches;
    sim::SimDisk::LogEnd end;
  };

  const Break& broken_;
  StoreId store_;
  const sim::SimDisk& disk_;
  std::deque<Written> written_;
};

DurabilityOracle::DurabilityOracle(Break broken) : broken_(std::move(broken)) {}

DurabilityOracle::~DurabilityOracle() = default;

CommitObserver* DurabilityOracle::Watch(StoreId store, const sim::SimDisk& disk) {
  std::unique_ptr<Eyes>& eyes = eyes_[store];
  eyes = std::make_unique<Eyes>(broken_, store, disk);
  return eyes.get();
}

}  // namespace orrery::faults
