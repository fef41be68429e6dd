#include "faults/campaign/known_failures.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "server/toml_library.h"

namespace orrery::faults {
namespace {

Status Complaint(std::string_view file, const toml::node& node, std::string_view what) {
  return Status(StatusCode::kInvalidArgument, fmt::format("{}:{}: {}", file, node.source().begin.line, what));
}

Result<std::string> ReadText(const toml::table& table, std::string_view key, std::string_view file) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return Complaint(file, table, fmt::format("failure.{}: is missing", key));
  const auto text = node->value_exact<std::string>();
  if (!text || text->empty()) return Complaint(file, *node, fmt::format("failure.{}: must be a text", key));
  return *text;
}

Result<KnownFailure> ReadFailure(const toml::table& table, std::string_view file) {
  KnownFailure failure;
  failure.line = static_cast<int>(table.source().begin.line);
  ORRERY_ASSIGN_OR_RETURN(failure.signature, ReadText(table, "signature", file));
  ORRERY_ASSIGN_OR_RETURN(failure.reason, ReadText(table, "reason", file));
  const toml::node* expires = table.get("expires");
  if (expires == nullptr) return Complaint(file, table, "failure.expires: is missing");
  const auto date = expires->value_exact<toml::date>();
  if (!date) return Complaint(file, *expires, "failure.expires: must be a date like 2026-12-31");
  failure.expires = date->year * 10000 + date->month * 100 + date->day;
  for (const auto& [key, node] : table) {
    if (key != "signature" && key != "reason" && key != "expires") {
      return Complaint(file, node, fmt::format("failure.{}: is not a known key", key.str()));
    }
  }
  return failure;
}

}  // namespace

std::string DateText(int date) {
  return fmt::format("{:04}-{:02}-{:02}", date / 10000, date / 100 % 100, date % 100);
}

int Today() {
  const auto now = std::chrono::system_clock::now();  // lint: allow(clock) a date of the calendar
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(now));
  return static_cast<int>(date.year()) * 10000 + static_cast<int>(static_cast<unsigned>(date.month())) * 100 +
         static_cast<int>(static_cast<unsigned>(date.day()));
}

Result<std::vector<KnownFailure>> ParseKnownFailures(std::string_view text, std::string_view file) {
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
  std::vector<KnownFailure> failures;
  for (const auto& [key, node] : root) {
    if (key != "failure") return Complaint(file, node, fmt::format("{}: is not a known key", key.str()));
    if (!node.is_array_of_tables()) return Complaint(file, node, "failure: must be written as [[failure]]");
    for (const toml::node& element : *node.as_array()) {
      ORRERY_ASSIGN_OR_RETURN(KnownFailure failure, ReadFailure(*element.as_table(), file));
      if (FindKnown(failures, failure.signature) != nullptr) {
        return Complaint(file, element, fmt::format("failure.signature: \"{}\" stands here twice", failure.signature));
      }
      failures.push_back(std::move(failure));
    }
  }
  return failures;
}

const KnownFailure* FindKnown(const std::vector<KnownFailure>& known, std::string_view signature) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const KnownFailure& one) { return one.signature == signature; });
  return found == known.end() ? nullptr : &*found;
}

}  // namespace orrery::faults
