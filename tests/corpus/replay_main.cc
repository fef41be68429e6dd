// Gives a fuzz target every input of its corpus once: what fuzzing has found stays a test, with any compiler.

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

std::vector<std::filesystem::path> FilesIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool Replay(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string input{std::istreambuf_iterator<char>(in), {}};
  if (!in) return false;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} CORPUS_FOLDER\n", argv[0]);
    return 2;
  }
  const std::vector<std::filesystem::path> files = FilesIn(argv[1]);
  if (files.empty()) {
    fmt::print(stderr, "{}: no inputs there\n", argv[1]);
    return 1;
  }
  for (const std::filesystem::path& file : files) {
    fmt::print("{}\n", file.filename().string());
    std::fflush(stdout);  // A crash shall find its name.
    if (!Replay(file)) {
      fmt::print(stderr, "{}: cannot be read\n", file.string());
      return 1;
    }
  }
  return 0;
}
