#include "faults/table_reader.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

namespace orrery::faults {

std::string TableReader::Text(std::string_view key, std::string fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) return fallback;
  if (const auto text = node->value_exact<std::string>()) return *text;
  Complain(*node, key, "must be a text");
  return fallback;
}

bool TableReader::Flag(std::string_view key, bool fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) return fallback;
  if (const auto flag = node->value_exact<bool>()) return *flag;
  Complain(*node, key, "must be true or false");
  return fallback;
}

uint64_t TableReader::Unsigned(std::string_view key, uint64_t fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) return fallback;
  if (const auto number = node->value_exact<int64_t>(); number && *number >= 0) return static_cast<uint64_t>(*number);
  const std::string digits = node->value_exact<std::string>().value_or("");
  uint64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (!digits.empty() && parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size()) return value;
  Complain(*node, key, "must be a whole number of 64 bits without a sign");
  return fallback;
}

double TableReader::Share(std::string_view key, double fallback) {
  const toml::node* node = Find(key);
  if (node == nullptr) return fallback;
  const std::optional<double> number = node->value<double>();
  if (number && node->is_number() && *number >= 0 && *number <= 1) return *number;
  Complain(*node, key, "must be a number between 0 and 1");
  return fallback;
}

Duration TableReader::Seconds(std::string_view key, Duration fallback, double low, double high) {
  const toml::node* node = Find(key);
  return node == nullptr ? fallback : CheckSeconds(*node, key, fallback, low, high);
}

std::pair<Duration, Duration> TableReader::SecondsRange(std::string_view key, std::pair<Duration, Duration> fallback,
                                                        double low, double high) {
  const toml::node* node = Find(key);
  if (node == nullptr) return fallback;
  const toml::array* pair = node->as_array();
  if (pair == nullptr) {
    const Duration value = CheckSeconds(*node, key, fallback.first, low, high);
    return {value, value};
  }
  if (pair->size() != 2) {
    Complain(*node, key, "must be seconds or [low, high]");
    return fallback;
  }
  const std::pair<Duration, Duration> range = {CheckSeconds(*pair->get(0), key, fallback.first, low, high),
                                               CheckSeconds(*pair->get(1), key, fallback.second, low, high)};
  if (range.first > range.second) Complain(*node, key, "has its low end above its high end");
  return range;
}

const toml::table* TableReader::Table(std::string_view key) {
  const toml::node* node = Find(key);
  if (node == nullptr) return nullptr;
  if (node->is_table()) return node->as_table();
  Complain(*node, key, "must be a table");
  return nullptr;
}

std::vector<const toml::table*> TableReader::Tables(std::string_view key) {
  std::vector<const toml::table*> tables;
  const toml::node* node = Find(key);
  if (node == nullptr) return tables;
  if (!node->is_array_of_tables()) {
    Complain(*node, key, "must be written as [[" + std::string(key) + "]]");
    return tables;
  }
  for (const toml::node& element : *node->as_array()) tables.push_back(element.as_table());
  return tables;
}

std::vector<std::pair<std::string, const toml::node*>> TableReader::Texts(std::string_view key) {
  std::vector<std::pair<std::string, const toml::node*>> texts;
  const toml::node* node = Find(key);
  if (node == nullptr) return texts;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    Complain(*node, key, "must be a list of texts");
    return texts;
  }
  texts.reserve(array->size());
  for (const toml::node& element : *array) {
    if (const auto text = element.value_exact<std::string>()) {
      texts.emplace_back(*text, &element);
    } else {
      Complain(element, key, "must be a list of texts");
    }
  }
  return texts;
}

void TableReader::Require(std::string_view key) {
  if (!Has(key)) Complain(table_, key, "is missing");
}

void TableReader::Complain(const toml::node& node, std::string_view key, const std::string& what) {
  if (!status_.ok()) return;
  status_ = Status(StatusCode::kInvalidArgument,
                   fmt::format("{}:{}: {}{}: {}", file_, node.source().begin.line, path_, key, what));
}

Status TableReader::Finish() {
  for (const auto& [key, node] : table_) {
    if (!asked_.contains(key.str())) Complain(node, key.str(), "is not a known key");
  }
  return status_;
}

const toml::node& TableReader::NodeOf(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return node == nullptr ? static_cast<const toml::node&>(table_) : *node;
}

int64_t TableReader::CheckInteger(const toml::node& node, std::string_view key, int64_t fallback, int64_t low,
                                  int64_t high) {
  const auto number = node.value_exact<int64_t>();
  if (!number) {
    Complain(node, key, "must be a whole number");
    return fallback;
  }
  if (*number >= low && *number <= high) return *number;
  Complain(node, key, fmt::format("is {}, must be between {} and {}", *number, low, high));
  return fallback;
}

Duration TableReader::CheckSeconds(const toml::node& node, std::string_view key, Duration fallback, double low,
                                   double high) {
  const std::optional<double> number = node.value<double>();
  if (!number || !node.is_number()) {
    Complain(node, key, "must be a number of seconds");
    return fallback;
  }
  if (*number >= low && *number <= high) return Duration(std::llround(*number * 1e9));
  Complain(node, key, fmt::format("is {:g} s, must be between {:g} and {:g}", *number, low, high));
  return fallback;
}

Result<toml::table> ParseToml(std::string_view text, std::string_view file) {
  try {
    return toml::table(toml::parse(text, file));
  } catch (const toml::parse_error& error) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
}

}  // namespace orrery::faults
