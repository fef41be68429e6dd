#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace orrery::check {

/// A key or value of a history in 32 bits: nil, a small integer held in place, or an index into the
/// history's ValueTable (texts, large integers, booleans). Equal values of one history have equal codes, so
/// that checkers compare and hash words only. Codes of two histories must not be mixed.
class Value {
 public:
  static constexpr int64_t kInlineMin = -(int64_t{1} << 30);
  static constexpr int64_t kInlineMax = (int64_t{1} << 30) - 1;

  /// Nil: absent, the initial value of a register.
  constexpr Value() = default;
  static constexpr Value FromCode(uint32_t code) { return Value(code); }
  /// Requires: kInlineMin <= number <= kInlineMax.
  static constexpr Value Small(int64_t number) { return Value(static_cast<uint32_t>(number - kInlineMin)); }

  constexpr bool is_nil() const { return code_ == kNilCode; }
  constexpr bool is_small() const { return code_ < kTableBit; }
  constexpr int64_t small() const { return static_cast<int64_t>(code_) + kInlineMin; }
  constexpr uint32_t code() const { return code_; }
  constexpr uint32_t table_index() const { return code_ & ~kTableBit; }

  friend constexpr bool operator==(Value a, Value b) { return a.code_ == b.code_; }

  static constexpr uint32_t kTableBit = 0x80000000u;
  static constexpr uint32_t kNilCode = 0xfffffffeu;

 private:
  explicit constexpr Value(uint32_t code) : code_(code) {}
  uint32_t code_ = kNilCode;
};

inline constexpr Value kNil{};

/// The values of a history that do not fit into a word. Owned by the History; only grows.
class ValueTable {
 public:
  Value Int(int64_t number);
  Value Text(std::string_view text);
  Value Bool(bool value);

  /// The number, if `value` is one.
  std::optional<int64_t> AsInt(Value value) const;
  /// As written in a JSON history: null, 12, "text", true.
  std::string ToJson(Value value) const;
  /// For people: nil, 12, text.
  std::string ToString(Value value) const;
  size_t size() const { return entries_.size(); }

 private:
  enum class Kind : uint8_t { kInt, kText, kBool };
  struct Entry {
    Kind kind;
    int64_t number;
    std::string text;
  };
  Value Intern(Kind kind, int64_t number, std::string_view text);

  std::vector<Entry> entries_;
  std::unordered_map<std::string, uint32_t> index_;  // kind tag + content -> index; never iterated
};

}  // namespace orrery::check
