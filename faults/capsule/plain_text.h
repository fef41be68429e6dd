#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/time.h"

namespace orrery::faults {

/// Seconds to the nanosecond without idle zeros: "12.5", "0.000000001", "3".
std::string SecondsText(Duration span);
/// The same back: digits with at most nine behind one point, no sign, at most 1e9 seconds.
std::optional<Duration> ParseSecondsText(std::string_view text);

/// The words between single blanks; an empty word where two blanks meet.
std::vector<std::string_view> SplitWords(std::string_view text);

/// Digits only.
template <class Integer>
std::optional<Integer> ParseDigits(std::string_view text) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || text.front() == '-' || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

/// The digits behind a prefix: "store12" gives 12.
std::optional<uint64_t> NumberBehind(std::string_view prefix, std::string_view text);

}  // namespace orrery::faults
