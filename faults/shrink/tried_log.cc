#include "faults/shrink/tried_log.h"

#include <fmt/core.h>

#include <filesystem>
#include <sstream>

#include "runtime/base/random.h"

namespace orrery::faults {
namespace {

constexpr size_t kKeyDigits = 32;

}  // namespace

std::string TriedLog::KeyOf(std::string_view capsule_text) {
  return fmt::format("{:016x}{:016x}", Hash64(capsule_text, 1), Hash64(capsule_text, 2));
}

Result<TriedLog> TriedLog::Open(const std::string& path, const std::string& subject) {
  TriedLog log;
  log.path_ = path;
  std::string kept = subject + "\n";
  std::ostringstream text;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) text << std::ifstream(path, std::ios::binary).rdbuf();
  std::istringstream lines(text.str());
  std::string line;
  if (std::getline(lines, line) && line == subject) {
    // A line counts only with its end.
    while (std::getline(lines, line) && !lines.eof()) {
      const bool whole = line.size() == kKeyDigits + 2 && line[kKeyDigits] == ' ';
      if (!whole || (line.back() != '0' && line.back() != '1')) continue;
      log.tried_[line.substr(0, kKeyDigits)] = line.back() == '1';
      kept += line + "\n";
    }
  }
  log.file_.open(path, std::ios::binary | std::ios::trunc);
  log.file_ << kept << std::flush;
  if (!log.file_) return Status(StatusCode::kIoError, "cannot write " + path);
  return log;
}

std::optional<bool> TriedLog::Find(const std::string& key) const {
  const auto found = tried_.find(key);
  return found == tried_.end() ? std::nullopt : std::optional(found->second);
}

Status TriedLog::Add(const std::string& key, bool fails) {
  tried_[key] = fails;
  if (path_.empty()) return Status::Ok();
  file_ << key << (fails ? " 1\n" : " 0\n") << std::flush;
  return file_ ? Status::Ok() : Status(StatusCode::kIoError, "cannot write " + path_);
}

}  // namespace orrery::faults
