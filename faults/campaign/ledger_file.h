#pragma once

#include <set>
#include <string>

#include "faults/campaign/ledger.h"

namespace orrery::faults {

/// ledger.json in its folder. Campaigns that end at the same time may share it.
class LedgerFile {
 public:
  /// Makes the folder. Errors: SystemError() of a place where nothing can be written.
  static Result<LedgerFile> Open(const std::string& folder);

  /// An empty one if there is none yet. kCorruption for a damaged one.
  Result<Ledger> Read() const;
  /// Adds to what is there by now, which may be more than what was read. Errors: as Read(), and SystemError().
  Status Add(const SightingsByScenario& night, const Night& failures, const std::set<std::string>& existing) const;

 private:
  explicit LedgerFile(std::string folder) : folder_(std::move(folder)) {}
  std::string PathOf(const char* name) const { return folder_ + "/" + name; }

  std::string folder_;
};

}  // namespace orrery::faults
