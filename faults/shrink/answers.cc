#include "faults/shrink/answers.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

namespace orrery::faults {
namespace {

using Json = nlohmann::json;

constexpr size_t kApartMax = 2;  ///< More rows than this are told together.
constexpr size_t kRawMax = 60;

std::string ValueText(const Json& value) {
  return value.is_null() ? "nothing" : value.dump();
}

std::string KindOf(const Json& micro) {
  return micro.is_array() && micro.size() >= 2 && micro[0].is_string() ? micro[0].get<std::string>() : "";
}

/// ["r", 3, 7] as "key 3 is 7".
std::string MicroText(const Json& micro) {
  const std::string kind = KindOf(micro);
  const auto part = [&](size_t at) { return at < micro.size() ? ValueText(micro[at]) : "?"; };
  if (kind == "r") return fmt::format("key {} is {}", part(1), part(2));
  if (kind == "w") return fmt::format("key {} := {}", part(1), part(2));
  if (kind == "add") return fmt::format("{} added", part(2));
  if (kind == "inc") return fmt::format("key {} := {}", part(1), part(3));
  if (kind == "cas") {
    const bool swapped = micro.size() > 4 && micro[4].is_boolean() && micro[4].get<bool>();
    if (swapped) return fmt::format("key {} swapped from {} to {}", part(1), part(2), part(3));
    return fmt::format("key {} is not {}, nothing swapped", part(1), part(2));
  }
  std::string text = micro.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kRawMax) text = text.substr(0, kRawMax) + "...";
  return text;
}

/// Many rows by what they hold: "5 rows are 1024, 1 row is 2049".
std::string RowsText(const Json& micros) {
  std::vector<std::pair<std::string, size_t>> groups;
  for (const Json& micro : micros) {
    const bool write = KindOf(micro) == "w";
    const std::string value = (write ? ":= " : "= ") + (micro.size() > 2 ? ValueText(micro[2]) : "?");
    if (groups.empty() || groups.back().first != value) groups.emplace_back(value, 0);
    ++groups.back().second;
  }
  std::string text;
  for (const auto& [value, count] : groups) text += fmt::format("{}{} rows {}", text.empty() ? "" : ", ", count, value);
  return text;
}

std::string MicrosText(const Json& micros) {
  if (!micros.is_array()) return "";
  if (micros.size() > kApartMax) return RowsText(micros);
  std::string text;
  for (const Json& micro : micros) text += (text.empty() ? "" : ", ") + MicroText(micro);
  return text;
}

}  // namespace

AnswersInOrder::AnswersInOrder(const std::string& history, uint32_t clients) : next_process_(clients) {
  for (uint32_t client = 0; client < clients; ++client) process_of_client_.push_back(client);
  std::istringstream lines(history);
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line, nullptr, false);
    if (!event.is_object() || !event.contains("type") || !event["type"].is_string()) continue;
    if (!event.contains("process") || !event["process"].is_number_unsigned()) continue;
    const auto type = event["type"].get<std::string>();
    if (type != "ok" && type != "fail" && type != "info") continue;
    const Answer::Kind kind = type == "ok"     ? Answer::Kind::kOk
                              : type == "fail" ? Answer::Kind::kFail
                                               : Answer::Kind::kUnknown;
    const Json micros = event.contains("ops") ? event["ops"] : Json::array();
    by_process_[event["process"].get<uint32_t>()].push_back({kind, MicrosText(micros)});
  }
}

AnswersInOrder::Answer AnswersInOrder::Take(uint32_t client) {
  if (client >= process_of_client_.size()) return {};
  std::deque<Answer>& answers = by_process_[process_of_client_[client]];
  Answer answer;
  if (!answers.empty()) {
    answer = std::move(answers.front());
    answers.pop_front();
  }
  if (answer.kind == Answer::Kind::kUnknown) process_of_client_[client] = next_process_++;
  return answer;
}

std::string AnswersInOrder::Next(uint32_t client, bool read_first) {
  Answer answer = Take(client);
  std::string read;
  if (read_first && answer.kind == Answer::Kind::kOk) {
    read = answer.text + ", then ";
    answer = Take(client);
  }
  switch (answer.kind) {
    case Answer::Kind::kOk: return read + "ok, " + answer.text;
    case Answer::Kind::kFail: return read + "failed, without effect";
    case Answer::Kind::kUnknown: break;
  }
  return read + "nobody knows whether it happened";
}

}  // namespace orrery::faults
