#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace orrery::faults {

/// What was tried and whether it failed in the wanted way: a text file with one line per candidate, so that a shrink
/// that was interrupted goes on where it stopped. A last line that was cut short is left out.
class TriedLog {
 public:
  /// In memory only.
  TriedLog() = default;
  /// Reads the file, or begins it anew if it does not exist or is about something else. `subject` is one line: the
  /// program that judges, and by what. kIoError names the path.
  static Result<TriedLog> Open(const std::string& path, const std::string& subject);

  /// 32 hex digits.
  static std::string KeyOf(std::string_view capsule_text);

  std::optional<bool> Find(const std::string& key) const;
  /// kIoError: the disk is full or gone.
  Status Add(const std::string& key, bool fails);
  size_t size() const { return tried_.size(); }

 private:
  std::string path_;
  std::ofstream file_;
  std::map<std::string, bool, std::less<>> tried_;
};

}  // namespace orrery::faults
