#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace orrery::faults {

/// A failure that is known and not yet mended: it does not make a night red until its date.
struct KnownFailure {
  std::string signature;
  std::string reason;
  int expires = 0;  ///< The first day on which it is red again, as 20261231.
  int line = 0;
};

/// "2026-12-31".
std::string DateText(int date);

/// Today in UTC, as 20261231.
int Today();

/// Reads
///
///     [[failure]]
///     signature = "12 unexplained-exit ..."
///     reason = "what is known, or where to read it"
///     expires = 2026-12-31
///
/// All three are needed, nothing else is allowed. kInvalidArgument "file:line: key: what is wrong".
Result<std::vector<KnownFailure>> ParseKnownFailures(std::string_view text, std::string_view file);

/// The entry of a signature, or null.
const KnownFailure* FindKnown(const std::vector<KnownFailure>& known, std::string_view signature);
inline bool IsExpired(const KnownFailure& failure, int today) {
  return failure.expires <= today;
}

}  // namespace orrery::faults
