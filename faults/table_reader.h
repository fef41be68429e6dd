#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/base/time.h"
#include "server/toml_library.h"

namespace orrery::faults {

/// Reads one table of a TOML file key by key: remembers the first error with its place, and which keys were asked for.
/// Private to parsers: it brings the TOML library along.
class TableReader {
 public:
  /// `table` and `file` outlive the reader. `path` stands before keys in messages ("cluster.").
  TableReader(const toml::table& table, std::string_view file, std::string path)
      : table_(table), file_(file), path_(std::move(path)) {}

  std::string Text(std::string_view key, std::string fallback);
  bool Flag(std::string_view key, bool fallback);

  template <class Integer>
  Integer Number(std::string_view key, Integer fallback, Integer low, Integer high) {
    const toml::node* node = Find(key);
    return node == nullptr ? fallback : CheckNumber(*node, key, fallback, low, high);
  }

  /// A number or a pair [low, high].
  template <class Integer>
  std::pair<Integer, Integer> NumberRange(std::string_view key, Integer fallback, Integer low, Integer high) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {fallback, fallback};
    const toml::array* pair = node->as_array();
    if (pair == nullptr) {
      const Integer value = CheckNumber(*node, key, fallback, low, high);
      return {value, value};
    }
    if (pair->size() != 2) {
      Complain(*node, key, "must be a number or [low, high]");
      return {fallback, fallback};
    }
    const std::pair<Integer, Integer> range = {CheckNumber(*pair->get(0), key, fallback, low, high),
                                               CheckNumber(*pair->get(1), key, fallback, low, high)};
    if (range.first > range.second) Complain(*node, key, "has its low end above its high end");
    return range;
  }

  /// Any 64-bit number without a sign: a whole number, or its digits as a text if it is beyond 2^63 - 1.
  uint64_t Unsigned(std::string_view key, uint64_t fallback);
  double Share(std::string_view key, double fallback);

  /// Seconds, whole or with a fraction, to the nanosecond.
  Duration Seconds(std::string_view key, Duration fallback, double low, double high);
  /// Seconds or [low, high].
  std::pair<Duration, Duration> SecondsRange(std::string_view key, std::pair<Duration, Duration> fallback, double low,
                                             double high);

  const toml::table* Table(std::string_view key);
  /// Every table of an array of tables.
  std::vector<const toml::table*> Tables(std::string_view key);
  /// Every text of an array, with the node it stands in.
  std::vector<std::pair<std::string, const toml::node*>> Texts(std::string_view key);

  /// Says that a key must be there.
  void Require(std::string_view key);
  void Complain(const toml::node& node, std::string_view key, const std::string& what);
  /// The first error, or the first key that nobody asked for.
  Status Finish();

  /// The first error so far.
  const Status& status() const { return status_; }
  const toml::table& table() const { return table_; }
  bool Has(std::string_view key) const { return table_.contains(key); }
  /// The node of a key, for a complaint about its value; the table itself if it is not there.
  const toml::node& NodeOf(std::string_view key) const;

 private:
  const toml::node* Find(std::string_view key) {
    asked_.emplace(key);
    return table_.get(key);
  }

  template <class Integer>
  Integer CheckNumber(const toml::node& node, std::string_view key, Integer fallback, Integer low, Integer high) {
    const int64_t number =
        CheckInteger(node, key, static_cast<int64_t>(fallback), static_cast<int64_t>(low), static_cast<int64_t>(high));
    return static_cast<Integer>(number);
  }
  int64_t CheckInteger(const toml::node& node, std::string_view key, int64_t fallback, int64_t low, int64_t high);
  Duration CheckSeconds(const toml::node& node, std::string_view key, Duration fallback, double low, double high);

  const toml::table& table_;
  std::string_view file_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
  Status status_;
};

/// The parsed file; kInvalidArgument "file:line: what is wrong".
Result<toml::table> ParseToml(std::string_view text, std::string_view file);

}  // namespace orrery::faults
