#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace orrery::check {

/// One form of EDN (Clojure's data notation). Maps hold keys and values in turn.
struct EdnForm {
  enum class Kind : uint8_t { kNull, kBool, kInt, kOther, kText, kKeyword, kList, kMap };
  Kind kind = Kind::kNull;
  uint32_t line = 0;
  int64_t number = 0;  ///< kInt, kBool.
  std::string text;    ///< kText, kKeyword (without colon), kOther (symbols, floats, characters: as written).
  std::vector<EdnForm> children;  ///< kList (vectors, lists and sets alike), kMap.

  bool IsKeyword(std::string_view name) const { return kind == Kind::kKeyword && text == name; }
  /// The value under a keyword of a map, or null.
  const EdnForm* Find(std::string_view keyword) const;
  /// For error messages; cut short.
  std::string Shown() const;
};

/// Reads forms one after the other. Tags (#name form) are dropped and their forms kept, #_ skips a form,
/// commas are white space. Errors are kInvalidArgument "line N: ...".
class EdnReader {
 public:
  static constexpr int kDepthMax = 64;

  explicit EdnReader(std::string_view text) : text_(text) {}
  /// True if nothing but space and comments is left.
  Result<bool> AtEnd();
  Result<EdnForm> Read() { return ReadForm(0); }
  /// Steps over an opening ( or [ so that its forms can be read one by one; false if there is none.
  Result<bool> EnterList();
  /// Steps over the closing bracket that EnterList opened; false if another form comes first.
  Result<bool> LeaveList();
  uint32_t line() const { return line_; }

 private:
  Status Bad(const std::string& what) const;
  Status SkipSpace(int depth);
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  Result<EdnForm> ReadForm(int depth);
  Status ReadChildren(char close, int depth, EdnForm& form);
  Status ReadText(EdnForm& form);
  Status ReadHash(int depth, EdnForm& form);
  void ReadAtom(EdnForm& form);
  std::string_view Token();

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  char list_close_ = '\0';
};

}  // namespace orrery::check
