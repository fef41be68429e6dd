#include "faults/capsule/plain_text.h"

#include <fmt/core.h>

namespace orrery::faults {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr size_t kFractionDigits = 9;

}  // namespace

std::string SecondsText(Duration span) {
  std::string text = fmt::format("{}.{:09}", span.count() / kNanosPerSecond, span.count() % kNanosPerSecond);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::optional<Duration> ParseSecondsText(std::string_view text) {
  const size_t point = text.find('.');
  const std::optional<int64_t> whole = ParseDigits<int64_t>(text.substr(0, point));
  if (!whole || *whole > kNanosPerSecond) return std::nullopt;
  if (point == std::string_view::npos) return Duration(*whole * kNanosPerSecond);
  std::string fraction(text.substr(point + 1));
  if (fraction.size() > kFractionDigits || fraction.empty()) return std::nullopt;
  fraction.resize(kFractionDigits, '0');
  const std::optional<int64_t> nanos = ParseDigits<int64_t>(fraction);
  if (!nanos) return std::nullopt;
  return Duration(*whole * kNanosPerSecond + *nanos);
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t blank = text.find(' ');
    words.push_back(text.substr(0, blank));
    if (blank == std::string_view::npos) return words;
    text = text.substr(blank + 1);
  }
}

std::optional<uint64_t> NumberBehind(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return ParseDigits<uint64_t>(text.substr(prefix.size()));
}

}  // namespace orrery::faults
