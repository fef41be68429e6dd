#include "faults/failed_write_law.h"

#include <fmt/core.h>

#include <algorithm>

namespace orrery::faults {
namespace {

constexpr Duration kPatience = seconds(3);

}  // namespace

std::string FailedWriteLaw::Look(StoreId store, const View& view, Duration now) {
  if (!view.up || view.failed_writes == 0) {
    failed_.erase(store);
    return "";
  }
  Failed& failed = failed_[store];
  if (failed.life != view.life) failed = {.life = view.life, .since = view.told};
  if (view.hindered) failed.since = std::max(failed.since, now);
  if (now - failed.since <= kPatience) return "";
  return fmt::format("store {} goes on {:.1f} s after {} of its engine's writes or syncs failed", store.value(),
                     static_cast<double>((now - failed.since).count()) / 1e9, view.failed_writes);
}

}  // namespace orrery::faults
