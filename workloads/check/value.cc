#include "workloads/check/value.h"

#include <nlohmann/json.hpp>

#include "runtime/base/assert.h"

namespace orrery::check {

Value ValueTable::Intern(Kind kind, int64_t number, std::string_view text) {
  std::string name;
  name.push_back(static_cast<char>('0' + static_cast<int>(kind)));
  if (kind == Kind::kText) {
    name.append(text);
  } else {
    name.append(std::to_string(number));
  }
  auto [at, inserted] = index_.try_emplace(std::move(name), static_cast<uint32_t>(entries_.size()));
  if (inserted) {
    ORRERY_ASSERT(entries_.size() < Value::kTableBit - 2);
    entries_.push_back({kind, number, std::string(text)});
  }
  return Value::FromCode(at->second | Value::kTableBit);
}

Value ValueTable::Int(int64_t number) {
  if (number >= Value::kInlineMin && number <= Value::kInlineMax) return Value::Small(number);
  return Intern(Kind::kInt, number, {});
}

Value ValueTable::Text(std::string_view text) {
  return Intern(Kind::kText, 0, text);
}

Value ValueTable::Bool(bool value) {
  return Intern(Kind::kBool, value ? 1 : 0, {});
}

std::optional<int64_t> ValueTable::AsInt(Value value) const {
  if (value.is_nil()) return std::nullopt;
  if (value.is_small()) return value.small();
  const Entry& entry = entries_[value.table_index()];
  if (entry.kind != Kind::kInt) return std::nullopt;
  return entry.number;
}

std::string ValueTable::ToJson(Value value) const {
  if (value.is_nil()) return "null";
  if (value.is_small()) return std::to_string(value.small());
  const Entry& entry = entries_[value.table_index()];
  switch (entry.kind) {
    case Kind::kInt: return std::to_string(entry.number);
    case Kind::kBool: return entry.number != 0 ? "true" : "false";
    case Kind::kText: break;
  }
  return nlohmann::json(entry.text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string ValueTable::ToString(Value value) const {
  if (value.is_nil()) return "nil";
  if (!value.is_small() && entries_[value.table_index()].kind == Kind::kText) {
    return entries_[value.table_index()].text;
  }
  return ToJson(value);
}

}  // namespace orrery::check
