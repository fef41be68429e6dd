#include "cli/input_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace orrery::cli {
namespace {

Status Unreadable(const std::string& name, const std::string& why) {
  return Status(StatusCode::kInvalidArgument, "cannot read " + name + ": " + why);
}

}  // namespace

Result<std::string> ReadStream(std::istream& stream, const std::string& name) {
  std::ostringstream text;
  // Nothing to insert is a failure of `text` only.
  if (stream.peek() != std::istream::traits_type::eof()) text << stream.rdbuf();
  if (stream.bad() || text.bad()) return Unreadable(name, "reading failed");
  return text.str();
}

Result<std::string> ReadWholeFile(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return Unreadable(path, "it is a directory");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unreadable(path, std::strerror(errno));
  return ReadStream(file, path);
}

}  // namespace orrery::cli
