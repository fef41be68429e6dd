#include "workloads/check/edn.h"

#include <charconv>

namespace orrery::check {

namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == '\f';
}

bool EndsToken(char c) {
  return IsSpace(c) || c == '\n' || c == '\0' || c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' ||
         c == '"' || c == ';';
}

}  // namespace

const EdnForm* EdnForm::Find(std::string_view keyword) const {
  for (size_t i = 0; i + 1 < children.size(); i += 2) {
    if (children[i].IsKeyword(keyword)) return &children[i + 1];
  }
  return nullptr;
}

std::string EdnForm::Shown() const {
  switch (kind) {
    case Kind::kNull: return "nil";
    case Kind::kBool: return number != 0 ? "true" : "false";
    case Kind::kInt: return std::to_string(number);
    case Kind::kKeyword: return ":" + text.substr(0, 40);
    case Kind::kText: return "\"" + text.substr(0, 40) + "\"";
    case Kind::kOther: return text.substr(0, 40);
    case Kind::kMap: return "{...}";
    case Kind::kList: break;
  }
  std::string out = "[";
  for (size_t i = 0; i < children.size() && out.size() < 40; ++i) out += (i > 0 ? " " : "") + children[i].Shown();
  return out + "]";
}

Status EdnReader::Bad(const std::string& what) const {
  return Status(StatusCode::kInvalidArgument, "line " + std::to_string(line_) + ": " + what);
}

Status EdnReader::SkipSpace(int depth) {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n') {
      ++line_;
      ++at_;
    } else if (IsSpace(c)) {
      ++at_;
    } else if (c == ';') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else if (text_.substr(at_).starts_with("#_")) {
      at_ += 2;
      const Result<EdnForm> skipped = ReadForm(depth + 1);
      if (!skipped.ok()) return skipped.status();
    } else {
      break;
    }
  }
  return Status::Ok();
}

Result<bool> EdnReader::AtEnd() {
  ORRERY_RETURN_IF_ERROR(SkipSpace(0));
  return at_ == text_.size();
}

Result<bool> EdnReader::EnterList() {
  ORRERY_RETURN_IF_ERROR(SkipSpace(0));
  if (Peek() != '[' && Peek() != '(') return false;
  list_close_ = Peek() == '[' ? ']' : ')';
  ++at_;
  return true;
}

Result<bool> EdnReader::LeaveList() {
  ORRERY_RETURN_IF_ERROR(SkipSpace(0));
  if (at_ == text_.size()) return Bad("the file is cut: a list is not closed");
  if (Peek() != list_close_) return false;
  ++at_;
  return true;
}

Result<EdnForm> EdnReader::ReadForm(int depth) {
  if (depth > kDepthMax) return Bad("forms nest deeper than " + std::to_string(kDepthMax));
  ORRERY_RETURN_IF_ERROR(SkipSpace(depth));
  if (at_ == text_.size()) return Bad("the file is cut: a form is missing");
  EdnForm form;
  form.line = line_;
  const char c = text_[at_];
  switch (c) {
    case '[':
      ++at_;
      ORRERY_RETURN_IF_ERROR(ReadChildren(']', depth, form));
      return form;
    case '(':
      ++at_;
      ORRERY_RETURN_IF_ERROR(ReadChildren(')', depth, form));
      return form;
    case '{':
      ++at_;
      ORRERY_RETURN_IF_ERROR(ReadChildren('}', depth, form));
      form.kind = EdnForm::Kind::kMap;
      if (form.children.size() % 2 != 0) return Bad("a map with a key without a value");
      return form;
    case '"': ORRERY_RETURN_IF_ERROR(ReadText(form)); return form;
    case '#': ORRERY_RETURN_IF_ERROR(ReadHash(depth, form)); return form;
    case ')':
    case ']':
    case '}': return Bad(std::string("unexpected ") + c);
    default: ReadAtom(form); return form;
  }
}

Status EdnReader::ReadChildren(char close, int depth, EdnForm& form) {
  form.kind = EdnForm::Kind::kList;
  while (true) {
    ORRERY_RETURN_IF_ERROR(SkipSpace(depth));
    if (at_ == text_.size()) {
      return Bad("the file is cut: what line " + std::to_string(form.line) + " opened is not closed");
    }
    if (text_[at_] == close) {
      ++at_;
      return Status::Ok();
    }
    ORRERY_ASSIGN_OR_RETURN(EdnForm child, ReadForm(depth + 1));
    form.children.push_back(std::move(child));
  }
}

Status EdnReader::ReadText(EdnForm& form) {
  form.kind = EdnForm::Kind::kText;
  for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    char c = text_[at_];
    if (c == '\n') ++line_;
    if (c == '\\' && at_ + 1 < text_.size()) {
      c = text_[++at_];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
      if (c == 'r') c = '\r';
    }
    form.text.push_back(c);
  }
  if (at_ == text_.size()) return Bad("the file is cut: a text is not closed");
  ++at_;
  return Status::Ok();
}

/// #{set} and #tag form.
Status EdnReader::ReadHash(int depth, EdnForm& form) {
  ++at_;
  if (Peek() == '{') {
    ++at_;
    return ReadChildren('}', depth, form);
  }
  if (Token().empty()) return Bad("a # without a tag");
  ORRERY_ASSIGN_OR_RETURN(form, ReadForm(depth + 1));
  return Status::Ok();
}

std::string_view EdnReader::Token() {
  const size_t begin = at_;
  while (!EndsToken(Peek())) ++at_;
  return text_.substr(begin, at_ - begin);
}

void EdnReader::ReadAtom(EdnForm& form) {
  std::string_view token = Token();
  if (token.empty()) token = text_.substr(at_++, 1);  // a stray byte, zero for one
  form.kind = EdnForm::Kind::kOther;
  form.text = token;
  if (token == "nil") form.kind = EdnForm::Kind::kNull;
  if (token == "true" || token == "false") {
    form.kind = EdnForm::Kind::kBool;
    form.number = token == "true" ? 1 : 0;
  }
  if (token.size() > 1 && token[0] == ':') {
    form.kind = EdnForm::Kind::kKeyword;
    form.text = token.substr(1);
    return;
  }
  std::string_view digits = token;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.ends_with('N')) digits.remove_suffix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), form.number);
  if (error == std::errc() && end == digits.data() + digits.size()) form.kind = EdnForm::Kind::kInt;
}

}  // namespace orrery::check
